CREATE TABLE "couplet"."operation_search" (
	"operation_id" uuid NOT NULL,
	"line" text NOT NULL,
	"text" text NOT NULL,
	"grams" integer[] NOT NULL,
	CONSTRAINT "operation_search_pkey" PRIMARY KEY("operation_id","line"),
	CONSTRAINT "operation_search_line_check" CHECK ("couplet"."operation_search"."line" in ('values', 'account'))
);
--> statement-breakpoint
INSERT INTO "couplet"."operation_search" ("operation_id", "line", "text", "grams")
SELECT l."id", l."line", l."text", coalesce((
         SELECT array_agg(DISTINCT ((ascii(substr(x.t, i, 1)) & 1023) << 20) | ((ascii(substr(x.t, i + 1, 1)) & 1023) << 10) | (ascii(substr(x.t, i + 2, 1)) & 1023))
           FROM unnest(string_to_array(l."text", E'\n')) AS x(t) CROSS JOIN LATERAL generate_series(1, length(x.t) - 2) AS i), '{}')
  FROM (SELECT o."id", 'values' AS "line", coalesce((SELECT string_agg(DISTINCT substr(t, position('=' IN t) + 1), E'\n') FROM unnest(o."terms") AS t), '') AS "text"
          FROM "couplet"."customer_operation" o
        UNION ALL
        SELECT o."id", 'account', lower(o."customer_account") FROM "couplet"."customer_operation" o WHERE o."customer_account" IS NOT NULL) l;--> statement-breakpoint
ALTER TABLE "couplet"."operation_search" ADD CONSTRAINT "operation_search_operation_id_customer_operation_id_fk" FOREIGN KEY ("operation_id") REFERENCES "couplet"."customer_operation"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "operation_search_grams" ON "couplet"."operation_search" USING gin ("grams");--> statement-breakpoint
CREATE INDEX "customer_operation_status_time" ON "couplet"."customer_operation" USING btree ("status","operation_timestamp","id");--> statement-breakpoint
CREATE INDEX "customer_operation_channel_time" ON "couplet"."customer_operation" USING btree ("channel","operation_timestamp","id");--> statement-breakpoint
CREATE INDEX "customer_operation_channel_id" ON "couplet"."customer_operation" USING btree ("channel","id");
