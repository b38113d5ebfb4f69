CREATE TYPE "couplet"."session_direction" AS ENUM('upload', 'download');--> statement-breakpoint
CREATE TYPE "couplet"."session_status" AS ENUM('started', 'applied', 'noData', 'failed', 'canceled');--> statement-breakpoint
CREATE TABLE "couplet"."commerce_distribution" (
	"channel" text NOT NULL,
	"job" "couplet"."job_kind" NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "commerce_distribution_pkey" PRIMARY KEY("channel","job")
);
--> statement-breakpoint
CREATE TABLE "couplet"."commerce_feature" (
	"name" text PRIMARY KEY NOT NULL,
	"enabled" boolean NOT NULL,
	"revision" bigint NOT NULL,
	"changed_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"changed_by" text
);
--> statement-breakpoint
CREATE TABLE "couplet"."commerce_session" (
	"id" uuid PRIMARY KEY NOT NULL,
	"job" "couplet"."job_kind" NOT NULL,
	"direction" "couplet"."session_direction" NOT NULL,
	"channel" text NOT NULL,
	"status" "couplet"."session_status" NOT NULL,
	"try_count" integer DEFAULT 0 NOT NULL,
	"code" text,
	"params" json NOT NULL,
	"rows_affected" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp(6) with time zone,
	"applied_at" timestamp(6) with time zone,
	"rerun_of" uuid,
	"job_id" uuid NOT NULL
);
--> statement-breakpoint
CREATE INDEX "commerce_session_with_data" ON "couplet"."commerce_session" USING btree ("id") WHERE "couplet"."commerce_session"."status" <> 'noData';--> statement-breakpoint
CREATE INDEX "commerce_session_open" ON "couplet"."commerce_session" USING btree ("job","channel","id") WHERE "couplet"."commerce_session"."status" in ('started', 'failed');