/** Many rows deleted with one statement that names their versions; the rows themselves were kept when they were locked. */
import { arrayLiteral } from '../session/array-literal.ts';
import { versionExpression } from '../table/bound-table.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { TEXT_PARAMETER, unnested } from '../table/record-select.ts';
import { keyArrays, keyEquals } from './lock-rows.ts';
import { writeGroup } from './write-group.ts';
import { inSavepoint } from './write-work.ts';
import type { DeleteEntry, WriteWork } from './write-work.ts';

export async function deleteRows(work: WriteWork, entries: readonly DeleteEntry[]): Promise<void> {
  await writeGroup(work, entries, (some) => inSavepoint(work, () => deleteOnce(work, some)));
}

async function deleteOnce(work: WriteWork, entries: readonly DeleteEntry[]): Promise<void> {
  const args = [...keyArrays(work.table, entries), arrayLiteral(entries, (entry) => entry.write.version)];
  const rows = await work.statements.run(work.session, 'delete', () => deleteStatement(work.table), args);
  const deleted = new Set(rows.map(([at]) => Number(at) - 1));
  for (const [index, entry] of entries.entries()) {
    entry.state = { at: deleted.has(index) ? 'done' : 'unsure', key: entry.write.key };
  }
}

function deleteStatement(table: BoundTable): string {
  const u = unnested([...table.key, TEXT_PARAMETER], 1, 'u');
  const where = `${keyEquals(table, u.value)} and ${versionExpression(table, 't.')} = u.p${table.key.length}`;
  return `delete from ${table.relation} as t using ${u.from} where ${where}${table.rules.has('delete') ? '' : ' returning u.at'}`;
}
