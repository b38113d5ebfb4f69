DROP INDEX "couplet"."customer_operation_terms";--> statement-breakpoint
UPDATE "couplet"."customer_operation" SET "operation_timestamp" = coalesce("operation_timestamp", "received_at"), "terms" = array(select distinct left(t, 200) from unnest("terms") t);--> statement-breakpoint
ALTER TABLE "couplet"."customer_operation" ALTER COLUMN "operation_timestamp" SET DEFAULT now();--> statement-breakpoint
ALTER TABLE "couplet"."customer_operation" ALTER COLUMN "operation_timestamp" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "couplet"."customer_operation" ADD COLUMN "error_id" uuid;--> statement-breakpoint
ALTER TABLE "couplet"."customer_operation" ADD COLUMN "resolution" json;--> statement-breakpoint
ALTER TABLE "couplet"."customer_operation" ADD COLUMN "wrote_at" timestamp(6) with time zone;--> statement-breakpoint
ALTER TABLE "couplet"."customer_operation" ADD COLUMN "ended_at" timestamp(6) with time zone;--> statement-breakpoint
CREATE INDEX "customer_operation_time" ON "couplet"."customer_operation" USING btree ("operation_timestamp","id");--> statement-breakpoint
CREATE INDEX "customer_operation_error" ON "couplet"."customer_operation" USING btree ("error_id") WHERE "couplet"."customer_operation"."error_id" is not null;--> statement-breakpoint
CREATE INDEX "customer_operation_terms" ON "couplet"."customer_operation" USING gin (array_to_tsvector("terms"));--> statement-breakpoint
CREATE FUNCTION "couplet"."note_operation"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	if TG_OP = 'INSERT' then
		insert into couplet.event (name, payload)
		select 'operation', json_build_object('operationId', n.id, 'status', n.status, 'channel', n.channel)
		  from new_rows n;
	else
		insert into couplet.event (name, payload)
		select 'operation', json_build_object('operationId', n.id, 'status', n.status, 'channel', n.channel)
		  from new_rows n join old_rows o on o.id = n.id
		 where n.revision is distinct from o.revision;
	end if;
	return null;
end $$;--> statement-breakpoint
CREATE TRIGGER "note_new_operation" AFTER INSERT ON "couplet"."customer_operation" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "couplet"."note_operation"();--> statement-breakpoint
CREATE TRIGGER "note_changed_operation" AFTER UPDATE ON "couplet"."customer_operation" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "couplet"."note_operation"();
