ALTER TABLE "couplet"."coupling" DROP CONSTRAINT "coupling_lane_id_fkey";
--> statement-breakpoint
ALTER TABLE "couplet"."coupling" DROP CONSTRAINT "coupling_layout_id_fkey";
--> statement-breakpoint
ALTER TABLE "couplet"."sync_error" DROP CONSTRAINT "sync_error_lane_id_fkey";
--> statement-breakpoint
ALTER TABLE "couplet"."pending" DROP CONSTRAINT "pending_lane_id_fkey";
--> statement-breakpoint
ALTER TABLE "couplet"."sync_log" ALTER COLUMN "params" SET DATA TYPE text;--> statement-breakpoint
ALTER TABLE "couplet"."sync_log" ALTER COLUMN "changes" SET DATA TYPE text;--> statement-breakpoint
ALTER TABLE "couplet"."sync_log" ALTER COLUMN "undo" SET DATA TYPE text;