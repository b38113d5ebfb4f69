DROP INDEX "couplet"."sync_error_coupling";--> statement-breakpoint
DROP INDEX "couplet"."sync_error_of_coupling";--> statement-breakpoint
CREATE UNIQUE INDEX "sync_error_coupling" ON "couplet"."sync_error" USING btree ("coupling_id",coalesce("operation_id", "coupling_id")) WHERE "couplet"."sync_error"."status" = 'open' and "couplet"."sync_error"."coupling_id" is not null;--> statement-breakpoint
CREATE INDEX "sync_error_of_coupling" ON "couplet"."sync_error" USING btree ("coupling_id") WHERE "couplet"."sync_error"."status" = 'resolved';--> statement-breakpoint
-- One event for all errors that a statement changed alike: a row for each, with its three indexes, was a quarter of what writing an error cost.
CREATE OR REPLACE FUNCTION "couplet"."note_error"() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
begin
	if TG_OP = 'INSERT' then
		insert into couplet.event (name, payload)
		select 'error', json_build_object('errorIds', json_agg(n.id), 'status', n.status, 'kind', n.kind, 'code', n.code,
		       'mapping', (select l.mapping from couplet.lane l where l.id = n.lane_id), 'channel', (select l.channel from couplet.lane l where l.id = n.lane_id))
		  from new_rows n
		 group by n.lane_id, n.status, n.kind, n.code;
	else
		insert into couplet.event (name, payload)
		select 'error', json_build_object('errorIds', json_agg(n.id), 'status', n.status, 'kind', n.kind, 'code', n.code,
		       'mapping', (select l.mapping from couplet.lane l where l.id = n.lane_id), 'channel', (select l.channel from couplet.lane l where l.id = n.lane_id))
		  from new_rows n join old_rows o on o.id = n.id
		 where (n.status, n.kind, n.code, n.cause, n.parked, n.attempts, n.assignee, n.note)
		       is distinct from (o.status, o.kind, o.code, o.cause, o.parked, o.attempts, o.assignee, o.note)
		 group by n.lane_id, n.status, n.kind, n.code;
	end if;
	return null;
end $$;
