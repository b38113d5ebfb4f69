CREATE TYPE "couplet"."operation_status" AS ENUM('received', 'processing', 'editing', 'synchronized', 'failed', 'conflict', 'blocked', 'dismissed');--> statement-breakpoint
CREATE TABLE "couplet"."account_number" (
	"mapping" text PRIMARY KEY NOT NULL,
	"next" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "couplet"."async_record" (
	"mapping" text NOT NULL,
	"channel" text NOT NULL,
	"guid" uuid NOT NULL,
	"part_key" text NOT NULL,
	"coupling_id" uuid NOT NULL,
	"hq_key" text NOT NULL,
	"created_by" uuid,
	"seen" json NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "async_record_pkey" PRIMARY KEY("mapping","channel","guid","part_key")
);
--> statement-breakpoint
CREATE TABLE "couplet"."customer_operation" (
	"id" uuid PRIMARY KEY NOT NULL,
	"channel" text NOT NULL,
	"part" text NOT NULL,
	"counter" bigint NOT NULL,
	"guid" uuid,
	"part_key" text NOT NULL,
	"name" text,
	"status" "couplet"."operation_status" NOT NULL,
	"operation_timestamp" timestamp(6) with time zone,
	"received_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"row" json NOT NULL,
	"row_hash" text NOT NULL,
	"values" json NOT NULL,
	"snapshot" boolean NOT NULL,
	"corrections" json NOT NULL,
	"edits" json NOT NULL,
	"history" json NOT NULL,
	"code" text,
	"params" json NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"customer_account" text,
	"coupling_id" uuid,
	"blocked_by" uuid,
	"job_id" uuid,
	"found" json,
	"terms" text[] NOT NULL,
	"dismissal" json,
	"editing_by" text,
	"editing_until" timestamp(6) with time zone,
	"told" boolean DEFAULT false NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "customer_operation_counter_key" UNIQUE("channel","part","counter"),
	CONSTRAINT "customer_operation_dismissed_check" CHECK (("couplet"."customer_operation"."status" = 'dismissed') = ("couplet"."customer_operation"."dismissal" is not null))
);
--> statement-breakpoint
CREATE INDEX "async_record_coupling" ON "couplet"."async_record" USING btree ("coupling_id");--> statement-breakpoint
CREATE INDEX "customer_operation_guid" ON "couplet"."customer_operation" USING btree ("guid","counter");--> statement-breakpoint
CREATE INDEX "customer_operation_coupling" ON "couplet"."customer_operation" USING btree ("coupling_id") WHERE "couplet"."customer_operation"."coupling_id" is not null;--> statement-breakpoint
CREATE INDEX "customer_operation_account" ON "couplet"."customer_operation" USING btree ("customer_account") WHERE "couplet"."customer_operation"."customer_account" is not null;--> statement-breakpoint
CREATE INDEX "customer_operation_due" ON "couplet"."customer_operation" USING btree ("channel","part","counter") WHERE "couplet"."customer_operation"."status" not in ('synchronized', 'dismissed');--> statement-breakpoint
CREATE INDEX "customer_operation_status" ON "couplet"."customer_operation" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "customer_operation_told" ON "couplet"."customer_operation" USING btree ("channel","counter") WHERE "couplet"."customer_operation"."status" = 'synchronized' and not "couplet"."customer_operation"."told";--> statement-breakpoint
CREATE INDEX "customer_operation_terms" ON "couplet"."customer_operation" USING gin ("terms");