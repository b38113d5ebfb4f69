CREATE SCHEMA IF NOT EXISTS "couplet";
--> statement-breakpoint
CREATE TYPE "couplet"."coupling_status" AS ENUM('synchronized', 'pending', 'conflict', 'deletion', 'failure', 'outOfFilter', 'neverSynchronized', 'ended');--> statement-breakpoint
CREATE TYPE "couplet"."direction" AS ENUM('both', 'toHq', 'toChannel');--> statement-breakpoint
CREATE TYPE "couplet"."error_kind" AS ENUM('conflict', 'deletion', 'failure');--> statement-breakpoint
CREATE TYPE "couplet"."error_scope" AS ENUM('record', 'mapping');--> statement-breakpoint
CREATE TYPE "couplet"."error_status" AS ENUM('open', 'resolved');--> statement-breakpoint
CREATE TYPE "couplet"."job_kind" AS ENUM('synchronize', 'couple', 'uncouple', 'resolve', 'bulk', 'revert', 'verify', 'check', 'p-job', 'synchronize-customers', '1010', '1110', '1070', 'pipeline');--> statement-breakpoint
CREATE TYPE "couplet"."job_scope" AS ENUM('modified', 'full');--> statement-breakpoint
CREATE TYPE "couplet"."job_status" AS ENUM('queued', 'running', 'succeeded', 'failed', 'cancelled');--> statement-breakpoint
CREATE TYPE "couplet"."job_trigger" AS ENUM('schedule', 'change', 'manual', 'configuration', 'recovery');--> statement-breakpoint
CREATE TYPE "couplet"."log_action" AS ENUM('coupled', 'uncoupled', 'inserted', 'modified', 'deleted', 'restored', 'conflict', 'deletion', 'failed', 'resolved');--> statement-breakpoint
CREATE TYPE "couplet"."log_cause" AS ENUM('change', 'full', 'match', 'retry', 'resolution', 'restore', 'revert', 'recovery', 'configuration', 'commerce');--> statement-breakpoint
CREATE TYPE "couplet"."pending_state" AS ENUM('due', 'deletion', 'held', 'waiting');--> statement-breakpoint
CREATE TYPE "couplet"."result_status" AS ENUM('succeeded', 'failed', 'skipped');--> statement-breakpoint
CREATE TYPE "couplet"."role" AS ENUM('viewer', 'operator', 'admin', 'channel');--> statement-breakpoint
CREATE TYPE "couplet"."side" AS ENUM('hq', 'channel');--> statement-breakpoint
CREATE TYPE "couplet"."store_condition" AS ENUM('reachable', 'unreachable', 'setupProblem', 'replaced');--> statement-breakpoint
CREATE TYPE "couplet"."write_direction" AS ENUM('toHq', 'toChannel');--> statement-breakpoint
CREATE TABLE "couplet"."coupling" (
	"id" uuid PRIMARY KEY NOT NULL,
	"lane_id" integer NOT NULL,
	"layout_id" integer NOT NULL,
	"status" "couplet"."coupling_status" NOT NULL,
	"hq_key" text NOT NULL,
	"channel_key" text,
	"base_hq" text NOT NULL,
	"base_channel" text NOT NULL,
	"base_states" text,
	"hq_description" text NOT NULL,
	"channel_description" text NOT NULL,
	"error_id" uuid,
	"parents" uuid[],
	"written_hq" text,
	"written_channel" text,
	"old_rows" json,
	"last_job_id" uuid,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"last_synchronized_at" timestamp(6) with time zone,
	"ended_at" timestamp(6) with time zone,
	CONSTRAINT "coupling_ended_check" CHECK (("couplet"."coupling"."status" = 'ended') = ("couplet"."coupling"."ended_at" is not null))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
--> statement-breakpoint
CREATE TABLE "couplet"."former_key" (
	"lane_id" integer NOT NULL,
	"side" "couplet"."side" NOT NULL,
	"key" text NOT NULL,
	"coupling_id" uuid NOT NULL,
	"until" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "former_key_pkey" PRIMARY KEY("lane_id","side","key","coupling_id")
);
--> statement-breakpoint
CREATE TABLE "couplet"."parent_wait" (
	"parent_lane_id" integer NOT NULL,
	"parent_side" "couplet"."side" NOT NULL,
	"parent_key" text NOT NULL,
	"coupling_id" uuid NOT NULL,
	CONSTRAINT "parent_wait_pkey" PRIMARY KEY("parent_lane_id","parent_side","parent_key","coupling_id")
);
--> statement-breakpoint
CREATE TABLE "couplet"."sync_error" (
	"id" uuid PRIMARY KEY NOT NULL,
	"lane_id" integer NOT NULL,
	"scope" "couplet"."error_scope" NOT NULL,
	"kind" "couplet"."error_kind" NOT NULL,
	"status" "couplet"."error_status" NOT NULL,
	"parked" boolean NOT NULL,
	"attempts" integer NOT NULL,
	"coupling_id" uuid,
	"job_id" uuid,
	"code" text NOT NULL,
	"cause" text NOT NULL,
	"params" json NOT NULL,
	"hq_key" text,
	"channel_key" text,
	"hq_description" text NOT NULL,
	"channel_description" text NOT NULL,
	"hq_seen" json NOT NULL,
	"channel_seen" json NOT NULL,
	"deleted_in" "couplet"."side",
	"survivor_changed" boolean,
	"candidates" json,
	"mass_deletion" json,
	"fields" json,
	"field_names" text[],
	"waits_for_lane_id" integer,
	"waits_for_side" "couplet"."side",
	"waits_for_key" text,
	"retry_at" timestamp(6) with time zone,
	"assignee" text,
	"note" text,
	"first_seen_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"resolved_at" timestamp(6) with time zone,
	"resolution" json,
	CONSTRAINT "sync_error_resolved_check" CHECK (("couplet"."sync_error"."status" = 'resolved') = ("couplet"."sync_error"."resolved_at" is not null)),
	CONSTRAINT "sync_error_resolution_check" CHECK (("couplet"."sync_error"."status" = 'resolved') = ("couplet"."sync_error"."resolution" is not null)),
	CONSTRAINT "sync_error_waits_for_check" CHECK (("couplet"."sync_error"."waits_for_lane_id" is null) = ("couplet"."sync_error"."waits_for_key" is null) and ("couplet"."sync_error"."waits_for_side" is null) = ("couplet"."sync_error"."waits_for_key" is null)),
	CONSTRAINT "sync_error_attempts_check" CHECK ("couplet"."sync_error"."attempts" >= 0)
) WITH (fillfactor = 90);
--> statement-breakpoint
CREATE TABLE "couplet"."api_key" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"role" "couplet"."role" NOT NULL,
	"channel" text,
	"expires_at" timestamp(6) with time zone,
	"revoked_at" timestamp(6) with time zone,
	"last_used_at" timestamp(6) with time zone,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_key_name_key" UNIQUE("name"),
	CONSTRAINT "api_key_hash_key" UNIQUE("hash"),
	CONSTRAINT "api_key_channel_check" CHECK (("couplet"."api_key"."role" = 'channel') = ("couplet"."api_key"."channel" is not null))
);
--> statement-breakpoint
CREATE TABLE "couplet"."idempotency_key" (
	"caller" text NOT NULL,
	"method" text NOT NULL,
	"path" text NOT NULL,
	"key" text NOT NULL,
	"body_hash" text NOT NULL,
	"status" integer,
	"headers" json,
	"body" text,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_key_pkey" PRIMARY KEY("caller","method","path","key")
);
--> statement-breakpoint
CREATE TABLE "couplet"."job" (
	"id" uuid PRIMARY KEY NOT NULL,
	"parent_id" uuid,
	"kind" "couplet"."job_kind" NOT NULL,
	"status" "couplet"."job_status" NOT NULL,
	"trigger" "couplet"."job_trigger" NOT NULL,
	"scope" "couplet"."job_scope",
	"direction" "couplet"."direction",
	"dry_run" boolean NOT NULL,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"mapping" text,
	"channel" text,
	"actor" text,
	"request_id" text,
	"body" json,
	"counters" json NOT NULL,
	"done" integer DEFAULT 0 NOT NULL,
	"total" integer,
	"code" text,
	"params" json,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp(6) with time zone,
	"finished_at" timestamp(6) with time zone,
	CONSTRAINT "job_finished_check" CHECK (("couplet"."job"."status" in ('succeeded', 'failed', 'cancelled')) = ("couplet"."job"."finished_at" is not null))
) WITH (fillfactor = 70);
--> statement-breakpoint
CREATE TABLE "couplet"."job_result" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "couplet"."job_result_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"job_id" uuid NOT NULL,
	"status" "couplet"."result_status" NOT NULL,
	"code" text,
	"params" json NOT NULL,
	"error_id" uuid,
	"coupling_id" uuid,
	"hq_key" text,
	"channel_key" text,
	"candidates" json,
	"writes" json
);
--> statement-breakpoint
CREATE TABLE "couplet"."configuration_history" (
	"id" uuid PRIMARY KEY NOT NULL,
	"at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"actor" text,
	"difference" json NOT NULL,
	"configuration" json NOT NULL
);
--> statement-breakpoint
CREATE TABLE "couplet"."identity" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"reader" uuid NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "couplet"."lane" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "couplet"."lane_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"mapping" text NOT NULL,
	"channel" text NOT NULL,
	"fence" bigint DEFAULT 0 NOT NULL,
	"holder" text,
	"paused" boolean DEFAULT false NOT NULL,
	"first_run_done" boolean DEFAULT false NOT NULL,
	"stopped" json,
	"full_run_due" json,
	"layout_id" integer,
	"last_success_at" timestamp(6) with time zone,
	"last_job_id" uuid,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"forgotten_at" timestamp(6) with time zone,
	CONSTRAINT "lane_mapping_channel_key" UNIQUE("mapping","channel")
) WITH (fillfactor = 50);
--> statement-breakpoint
CREATE TABLE "couplet"."lane_activity" (
	"lane_id" integer NOT NULL,
	"hour" timestamp(6) with time zone NOT NULL,
	"changes" bigint DEFAULT 0 NOT NULL,
	"writes" bigint DEFAULT 0 NOT NULL,
	"errors" bigint DEFAULT 0 NOT NULL,
	"couplings" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "lane_activity_pkey" PRIMARY KEY("lane_id","hour")
) WITH (fillfactor = 50);
--> statement-breakpoint
CREATE TABLE "couplet"."layout" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "couplet"."layout_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"fingerprint" text NOT NULL,
	"fields" json NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "layout_fingerprint_key" UNIQUE("fingerprint")
);
--> statement-breakpoint
CREATE TABLE "couplet"."pending" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "couplet"."pending_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"lane_id" integer NOT NULL,
	"side" "couplet"."side" NOT NULL,
	"key" text NOT NULL,
	"deleted" boolean NOT NULL,
	"old_row" json,
	"generation" integer DEFAULT 1 NOT NULL,
	"state" "couplet"."pending_state" DEFAULT 'due' NOT NULL,
	"since" timestamp(6) with time zone DEFAULT now() NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
--> statement-breakpoint
CREATE TABLE "couplet"."recorded_batch" (
	"batch_id" text PRIMARY KEY NOT NULL,
	"recorded_at" timestamp(6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "couplet"."store_cursor" (
	"side" "couplet"."side" NOT NULL,
	"channel" text NOT NULL,
	"cursor" text NOT NULL,
	"read_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "store_cursor_pkey" PRIMARY KEY("side","channel")
) WITH (fillfactor = 50);
--> statement-breakpoint
CREATE TABLE "couplet"."store_state" (
	"side" "couplet"."side" NOT NULL,
	"channel" text NOT NULL,
	"state" "couplet"."store_condition" NOT NULL,
	"since" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"capture_installed" boolean NOT NULL,
	"problems" json NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "store_state_pkey" PRIMARY KEY("side","channel")
);
--> statement-breakpoint
CREATE TABLE "couplet"."uncoupled" (
	"lane_id" integer NOT NULL,
	"side" "couplet"."side" NOT NULL,
	"key" text NOT NULL,
	"at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"actor" text,
	CONSTRAINT "uncoupled_pkey" PRIMARY KEY("lane_id","side","key")
);
--> statement-breakpoint
CREATE TABLE "couplet"."sync_log" (
	"id" uuid PRIMARY KEY NOT NULL,
	"lane_id" integer NOT NULL,
	"action" "couplet"."log_action" NOT NULL,
	"cause" "couplet"."log_cause" NOT NULL,
	"direction" "couplet"."write_direction",
	"coupling_id" uuid,
	"job_id" uuid,
	"error_id" uuid,
	"reverts" uuid,
	"reverted_by" uuid,
	"hq_key" text,
	"channel_key" text,
	"actor" text,
	"changed_by" text,
	"reason" text,
	"code" text,
	"request_id" text,
	"params" json,
	"changes" json,
	"undo" json
) PARTITION BY RANGE ("id");
--> statement-breakpoint
ALTER TABLE "couplet"."coupling" ADD CONSTRAINT "coupling_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "couplet"."lane"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."coupling" ADD CONSTRAINT "coupling_layout_id_fkey" FOREIGN KEY ("layout_id") REFERENCES "couplet"."layout"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."former_key" ADD CONSTRAINT "former_key_coupling_id_fkey" FOREIGN KEY ("coupling_id") REFERENCES "couplet"."coupling"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."parent_wait" ADD CONSTRAINT "parent_wait_coupling_id_fkey" FOREIGN KEY ("coupling_id") REFERENCES "couplet"."coupling"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."parent_wait" ADD CONSTRAINT "parent_wait_parent_lane_id_fkey" FOREIGN KEY ("parent_lane_id") REFERENCES "couplet"."lane"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."sync_error" ADD CONSTRAINT "sync_error_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "couplet"."lane"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."sync_error" ADD CONSTRAINT "sync_error_coupling_id_fkey" FOREIGN KEY ("coupling_id") REFERENCES "couplet"."coupling"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."job" ADD CONSTRAINT "job_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "couplet"."job"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."job_result" ADD CONSTRAINT "job_result_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "couplet"."job"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."lane" ADD CONSTRAINT "lane_layout_id_fkey" FOREIGN KEY ("layout_id") REFERENCES "couplet"."layout"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."lane_activity" ADD CONSTRAINT "lane_activity_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "couplet"."lane"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."pending" ADD CONSTRAINT "pending_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "couplet"."lane"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "couplet"."uncoupled" ADD CONSTRAINT "uncoupled_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "couplet"."lane"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "coupling_hq_key" ON "couplet"."coupling" USING btree ("lane_id","hq_key") WHERE "couplet"."coupling"."ended_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "coupling_channel_key" ON "couplet"."coupling" USING btree ("lane_id","channel_key") WHERE "couplet"."coupling"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "coupling_open" ON "couplet"."coupling" USING btree ("lane_id","id") WHERE "couplet"."coupling"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "coupling_out_of_step" ON "couplet"."coupling" USING btree ("lane_id","status","id") WHERE "couplet"."coupling"."ended_at" is null and "couplet"."coupling"."status" <> 'synchronized';--> statement-breakpoint
CREATE INDEX "coupling_ended_hq_key" ON "couplet"."coupling" USING btree ("lane_id","hq_key") WHERE "couplet"."coupling"."ended_at" is not null;--> statement-breakpoint
CREATE INDEX "coupling_ended_channel_key" ON "couplet"."coupling" USING btree ("lane_id","channel_key") WHERE "couplet"."coupling"."ended_at" is not null;--> statement-breakpoint
CREATE INDEX "coupling_ended" ON "couplet"."coupling" USING btree ("lane_id","id") WHERE "couplet"."coupling"."ended_at" is not null;--> statement-breakpoint
CREATE INDEX "coupling_parents" ON "couplet"."coupling" USING gin ("parents") WHERE "couplet"."coupling"."parents" is not null;--> statement-breakpoint
CREATE INDEX "former_key_coupling_id" ON "couplet"."former_key" USING btree ("coupling_id");--> statement-breakpoint
CREATE INDEX "parent_wait_coupling_id" ON "couplet"."parent_wait" USING btree ("coupling_id");--> statement-breakpoint
CREATE UNIQUE INDEX "sync_error_coupling" ON "couplet"."sync_error" USING btree ("coupling_id") WHERE "couplet"."sync_error"."status" = 'open' and "couplet"."sync_error"."coupling_id" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "sync_error_hq_key" ON "couplet"."sync_error" USING btree ("lane_id","hq_key") WHERE "couplet"."sync_error"."status" = 'open' and "couplet"."sync_error"."coupling_id" is null and "couplet"."sync_error"."scope" = 'record';--> statement-breakpoint
CREATE UNIQUE INDEX "sync_error_channel_key" ON "couplet"."sync_error" USING btree ("lane_id","channel_key") WHERE "couplet"."sync_error"."status" = 'open' and "couplet"."sync_error"."coupling_id" is null and "couplet"."sync_error"."scope" = 'record';--> statement-breakpoint
CREATE UNIQUE INDEX "sync_error_mapping_code" ON "couplet"."sync_error" USING btree ("lane_id","code") WHERE "couplet"."sync_error"."status" = 'open' and "couplet"."sync_error"."scope" = 'mapping';--> statement-breakpoint
CREATE INDEX "sync_error_open" ON "couplet"."sync_error" USING btree ("lane_id","kind","id") WHERE "couplet"."sync_error"."status" = 'open';--> statement-breakpoint
CREATE INDEX "sync_error_open_id" ON "couplet"."sync_error" USING btree ("id") WHERE "couplet"."sync_error"."status" = 'open';--> statement-breakpoint
CREATE INDEX "sync_error_cause" ON "couplet"."sync_error" USING btree ("cause","id") WHERE "couplet"."sync_error"."status" = 'open';--> statement-breakpoint
CREATE INDEX "sync_error_resolved" ON "couplet"."sync_error" USING btree ("lane_id","id") WHERE "couplet"."sync_error"."status" = 'resolved';--> statement-breakpoint
CREATE INDEX "sync_error_resolved_at" ON "couplet"."sync_error" USING btree ("resolved_at") WHERE "couplet"."sync_error"."status" = 'resolved';--> statement-breakpoint
CREATE INDEX "sync_error_of_coupling" ON "couplet"."sync_error" USING btree ("coupling_id") WHERE "couplet"."sync_error"."status" = 'resolved';--> statement-breakpoint
CREATE INDEX "sync_error_job" ON "couplet"."sync_error" USING btree ("job_id","id") WHERE "couplet"."sync_error"."job_id" is not null;--> statement-breakpoint
CREATE INDEX "sync_error_retry" ON "couplet"."sync_error" USING btree ("lane_id","retry_at") WHERE "couplet"."sync_error"."status" = 'open' and not "couplet"."sync_error"."parked" and "couplet"."sync_error"."retry_at" is not null;--> statement-breakpoint
CREATE INDEX "sync_error_waits_for" ON "couplet"."sync_error" USING btree ("waits_for_lane_id","waits_for_side","waits_for_key") WHERE "couplet"."sync_error"."status" = 'open' and "couplet"."sync_error"."waits_for_key" is not null;--> statement-breakpoint
CREATE INDEX "idempotency_key_created_at" ON "couplet"."idempotency_key" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "job_mapping" ON "couplet"."job" USING btree ("mapping","id");--> statement-breakpoint
CREATE INDEX "job_parent" ON "couplet"."job" USING btree ("parent_id","id") WHERE "couplet"."job"."parent_id" is not null;--> statement-breakpoint
CREATE INDEX "job_status" ON "couplet"."job" USING btree ("status","id") WHERE "couplet"."job"."status" <> 'succeeded';--> statement-breakpoint
CREATE INDEX "job_kind" ON "couplet"."job" USING btree ("kind","id") WHERE "couplet"."job"."kind" <> 'synchronize';--> statement-breakpoint
CREATE INDEX "job_trigger" ON "couplet"."job" USING btree ("trigger","id") WHERE "couplet"."job"."trigger" <> 'change';--> statement-breakpoint
CREATE INDEX "job_finished_at" ON "couplet"."job" USING btree ("finished_at") WHERE "couplet"."job"."finished_at" is not null;--> statement-breakpoint
CREATE INDEX "job_result_job" ON "couplet"."job_result" USING btree ("job_id","id");--> statement-breakpoint
CREATE INDEX "lane_activity_hour" ON "couplet"."lane_activity" USING btree ("hour");--> statement-breakpoint
CREATE UNIQUE INDEX "pending_key" ON "couplet"."pending" USING btree ("lane_id","side","key");--> statement-breakpoint
CREATE INDEX "pending_state" ON "couplet"."pending" USING btree ("state","lane_id","id");--> statement-breakpoint
CREATE INDEX "recorded_batch_recorded_at" ON "couplet"."recorded_batch" USING btree ("recorded_at");--> statement-breakpoint
CREATE INDEX "sync_log_lane" ON "couplet"."sync_log" USING btree ("lane_id","id");--> statement-breakpoint
CREATE INDEX "sync_log_job" ON "couplet"."sync_log" USING btree ("job_id","id") WHERE "couplet"."sync_log"."job_id" is not null;--> statement-breakpoint
CREATE INDEX "sync_log_coupling" ON "couplet"."sync_log" USING btree ("coupling_id","id") WHERE "couplet"."sync_log"."coupling_id" is not null;--> statement-breakpoint
CREATE INDEX "sync_log_hq_key" ON "couplet"."sync_log" USING btree ("lane_id","hq_key","id") WHERE "couplet"."sync_log"."coupling_id" is null;--> statement-breakpoint
CREATE INDEX "sync_log_channel_key" ON "couplet"."sync_log" USING btree ("lane_id","channel_key","id") WHERE "couplet"."sync_log"."coupling_id" is null;--> statement-breakpoint
CREATE INDEX "sync_log_error" ON "couplet"."sync_log" USING btree ("error_id","id") WHERE "couplet"."sync_log"."error_id" is not null;--> statement-breakpoint
CREATE INDEX "sync_log_actor" ON "couplet"."sync_log" USING btree ("actor","id") WHERE "couplet"."sync_log"."actor" is not null;--> statement-breakpoint
CREATE INDEX "sync_log_action" ON "couplet"."sync_log" USING btree ("action","id") WHERE "couplet"."sync_log"."action" <> 'modified';--> statement-breakpoint
CREATE INDEX "sync_log_cause" ON "couplet"."sync_log" USING btree ("cause","id") WHERE "couplet"."sync_log"."cause" <> 'change';--> statement-breakpoint
CREATE TABLE "couplet"."sync_log_default" PARTITION OF "couplet"."sync_log" DEFAULT;
