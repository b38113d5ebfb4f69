CREATE TABLE "couplet"."lane_share" (
	"lane_id" integer NOT NULL,
	"first_id" bigint NOT NULL,
	"last_id" bigint NOT NULL,
	"until_id" bigint NOT NULL,
	"fence" bigint NOT NULL,
	"holder" text,
	CONSTRAINT "lane_share_pkey" PRIMARY KEY("lane_id","first_id")
);
--> statement-breakpoint
ALTER TABLE "couplet"."lane_share" ADD CONSTRAINT "lane_share_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "couplet"."lane"("id") ON DELETE no action ON UPDATE no action;