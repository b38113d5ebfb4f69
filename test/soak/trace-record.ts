/** What is known of a record that the oracle found something about: for whoever has to find out why. */
import type postgres from 'postgres';
import type { OracleFinding } from '../model/oracle.ts';

const ENTRIES = 30;

export async function traceRecord(sql: postgres.Sql, { side, key }: OracleFinding): Promise<readonly string[]> {
  if (side === null || key === null) return [];
  const column = side === 'hq' ? 'hq_key' : 'channel_key';
  const told = async (what: string, text: string): Promise<readonly string[]> => {
    const rows = await sql.unsafe<{ row: unknown }[]>(text, [key]);
    return rows.map(({ row }) => `  ${what} ${JSON.stringify(row)}`);
  };
  const parts = [
    told(
      'log',
      `select to_jsonb(l) - '{undo,request_id,params}'::text[] as row from couplet.sync_log l where l.coupling_id in
         (select coupling_id from couplet.sync_log where ${column} = $1) or l.${column} = $1 order by l.id desc limit ${ENTRIES}`,
    ),
    told(
      'coupling',
      `select to_jsonb(c) - '{base_hq,base_channel,old_rows}'::text[] as row from couplet.coupling c where ${column} = $1`,
    ),
    told('error', `select to_jsonb(e) as row from couplet.sync_error e where ${column} = $1 order by e.id`),
    told('uncoupled', 'select to_jsonb(u) as row from couplet.uncoupled u where key = $1'),
    told('pending', 'select to_jsonb(p) as row from couplet.pending p where key = $1'),
  ];
  return (await Promise.all(parts)).flat();
}
