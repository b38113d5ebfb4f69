CREATE TABLE "couplet"."operation_to_tell" (
	"channel" text NOT NULL,
	"part" text NOT NULL,
	"counter" bigint NOT NULL,
	CONSTRAINT "operation_to_tell_pkey" PRIMARY KEY("channel","part","counter")
);
--> statement-breakpoint
INSERT INTO "couplet"."operation_to_tell" ("channel", "part", "counter") SELECT "channel", "part", "counter" FROM "couplet"."customer_operation" WHERE "status" = 'synchronized' AND NOT "told";--> statement-breakpoint
DROP INDEX "couplet"."customer_operation_told";--> statement-breakpoint
ALTER TABLE "couplet"."customer_operation" DROP COLUMN "told";