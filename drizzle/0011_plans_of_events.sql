-- A trigger's plan is kept from its first call, which often saw no row at all: then each later one compared every changed row with every other.
ALTER FUNCTION "couplet"."note_operation"() SET enable_nestloop = off;--> statement-breakpoint
ALTER FUNCTION "couplet"."note_job"() SET enable_nestloop = off;--> statement-breakpoint
CREATE OR REPLACE FUNCTION "couplet"."note_error"() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
begin
	if TG_OP = 'INSERT' then
		insert into couplet.event (name, payload)
		select 'error', json_build_object('errorId', n.id, 'status', n.status, 'kind', n.kind, 'code', n.code,
		       'mapping', (select l.mapping from couplet.lane l where l.id = n.lane_id), 'channel', (select l.channel from couplet.lane l where l.id = n.lane_id))
		  from new_rows n;
	else
		insert into couplet.event (name, payload)
		select 'error', json_build_object('errorId', n.id, 'status', n.status, 'kind', n.kind, 'code', n.code,
		       'mapping', (select l.mapping from couplet.lane l where l.id = n.lane_id), 'channel', (select l.channel from couplet.lane l where l.id = n.lane_id))
		  from new_rows n join old_rows o on o.id = n.id
		 where (n.status, n.kind, n.code, n.cause, n.parked, n.attempts, n.assignee, n.note)
		       is distinct from (o.status, o.kind, o.code, o.cause, o.parked, o.attempts, o.assignee, o.note);
	end if;
	return null;
end $$;
