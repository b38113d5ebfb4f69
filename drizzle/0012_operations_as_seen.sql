CREATE TABLE "couplet"."operation_base" (
	"channel" text NOT NULL,
	"part" text NOT NULL,
	"counter" bigint NOT NULL,
	"base" json NOT NULL,
	CONSTRAINT "operation_base_pkey" PRIMARY KEY("channel","part","counter")
);
--> statement-breakpoint
DROP INDEX "couplet"."customer_operation_account";--> statement-breakpoint
ALTER TABLE "couplet"."customer_operation" ADD COLUMN "base" json;--> statement-breakpoint
CREATE INDEX "customer_operation_account" ON "couplet"."customer_operation" USING btree ("customer_account","id");