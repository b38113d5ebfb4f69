ALTER TYPE "couplet"."pending_state" ADD VALUE 'change';--> statement-breakpoint
ALTER TYPE "couplet"."pending_state" ADD VALUE 'changeHeld';--> statement-breakpoint
ALTER TYPE "couplet"."pending_state" ADD VALUE 'replacement';--> statement-breakpoint
ALTER TYPE "couplet"."pending_state" ADD VALUE 'replacementHeld';--> statement-breakpoint
CREATE TABLE "couplet"."proof" (
	"lane_id" integer PRIMARY KEY NOT NULL,
	"pass_started_at" timestamp(6) with time zone,
	"pass_after" uuid,
	"pass_pairs" bigint DEFAULT 0 NOT NULL,
	"pass_verified" bigint DEFAULT 0 NOT NULL,
	"pass_drift" bigint DEFAULT 0 NOT NULL,
	"proven_at" timestamp(6) with time zone,
	"pairs" bigint DEFAULT 0 NOT NULL,
	"verified" bigint DEFAULT 0 NOT NULL,
	"drift" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "couplet"."proof" ADD CONSTRAINT "proof_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "couplet"."lane"("id") ON DELETE no action ON UPDATE no action;