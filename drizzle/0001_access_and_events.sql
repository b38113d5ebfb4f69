CREATE TABLE "couplet"."event" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "couplet"."event_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"name" text NOT NULL,
	"payload" json NOT NULL,
	"at" timestamp(6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "couplet"."session" (
	"hash" text PRIMARY KEY NOT NULL,
	"actor" text NOT NULL,
	"role" "couplet"."role" NOT NULL,
	"channel" text,
	"api_key_id" uuid,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "session_channel_check" CHECK (("couplet"."session"."role" = 'channel') = ("couplet"."session"."channel" is not null))
);
--> statement-breakpoint
ALTER TABLE "couplet"."session" ADD CONSTRAINT "session_api_key_id_fkey" FOREIGN KEY ("api_key_id") REFERENCES "couplet"."api_key"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "event_xid" ON "couplet"."event" USING btree ("xid");--> statement-breakpoint
CREATE INDEX "event_at" ON "couplet"."event" USING btree ("at");--> statement-breakpoint
CREATE INDEX "session_api_key_id" ON "couplet"."session" USING btree ("api_key_id");--> statement-breakpoint
CREATE INDEX "session_expires_at" ON "couplet"."session" USING btree ("expires_at");--> statement-breakpoint
CREATE FUNCTION "couplet"."note_job"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	if TG_OP = 'INSERT' then
		insert into couplet.event (name, payload)
		select 'job', json_build_object('jobId', n.id, 'kind', n.kind, 'status', n.status, 'mapping', n.mapping, 'channel', n.channel, 'done', n.done, 'total', n.total)
		  from new_rows n;
	else
		insert into couplet.event (name, payload)
		select 'job', json_build_object('jobId', n.id, 'kind', n.kind, 'status', n.status, 'mapping', n.mapping, 'channel', n.channel, 'done', n.done, 'total', n.total)
		  from new_rows n join old_rows o on o.id = n.id
		 where (n.status, n.done, n.total) is distinct from (o.status, o.done, o.total);
	end if;
	return null;
end $$;--> statement-breakpoint
CREATE TRIGGER "note_new_job" AFTER INSERT ON "couplet"."job" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "couplet"."note_job"();--> statement-breakpoint
CREATE TRIGGER "note_changed_job" AFTER UPDATE ON "couplet"."job" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "couplet"."note_job"();--> statement-breakpoint
CREATE FUNCTION "couplet"."note_error"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	if TG_OP = 'INSERT' then
		insert into couplet.event (name, payload)
		select 'error', json_build_object('errorId', n.id, 'status', n.status, 'kind', n.kind, 'code', n.code, 'mapping', l.mapping, 'channel', l.channel)
		  from new_rows n join couplet.lane l on l.id = n.lane_id;
	else
		insert into couplet.event (name, payload)
		select 'error', json_build_object('errorId', n.id, 'status', n.status, 'kind', n.kind, 'code', n.code, 'mapping', l.mapping, 'channel', l.channel)
		  from new_rows n join old_rows o on o.id = n.id join couplet.lane l on l.id = n.lane_id
		 where (n.status, n.kind, n.code, n.cause, n.parked, n.attempts, n.assignee, n.note)
		       is distinct from (o.status, o.kind, o.code, o.cause, o.parked, o.attempts, o.assignee, o.note);
	end if;
	return null;
end $$;--> statement-breakpoint
CREATE TRIGGER "note_new_error" AFTER INSERT ON "couplet"."sync_error" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "couplet"."note_error"();--> statement-breakpoint
CREATE TRIGGER "note_changed_error" AFTER UPDATE ON "couplet"."sync_error" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "couplet"."note_error"();--> statement-breakpoint
CREATE FUNCTION "couplet"."note_store"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	if TG_OP = 'INSERT' or NEW.state is distinct from OLD.state then
		insert into couplet.event (name, payload)
		values ('store', json_build_object('side', NEW.side, 'channel', nullif(NEW.channel, ''), 'state', NEW.state));
	end if;
	return null;
end $$;--> statement-breakpoint
CREATE TRIGGER "note_store" AFTER INSERT OR UPDATE ON "couplet"."store_state" FOR EACH ROW EXECUTE FUNCTION "couplet"."note_store"();
