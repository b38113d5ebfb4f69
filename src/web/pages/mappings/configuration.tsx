/** What the configuration says of a mapping: tables, fields, policies, with every default filled in. */
import { type Field as MappedField, type Mapping, type TableSide, tableText } from '../../../domain/mapping.ts';
import type { MappingDocument } from '../../../http/schemas/mappings.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { type Fact, Facts, Section } from '../../parts/page-frame.tsx';
import { plainValue } from '../../parts/value-text.ts';

/** A mapping that is gone from the file has none. */
export const readConfiguration = ({ configuration }: MappingDocument): Mapping | null =>
  'fields' in configuration ? (configuration as unknown as Mapping) : null;

export function FieldMappings({ mapping }: { readonly mapping: Mapping }) {
  const { t } = useSpeech();
  return (
    <Section title={t.mappings.fields}>
      <div className="table-scroll">
        <CardTable
          columns={[
            t.words.field,
            t.words.hq,
            t.words.direction,
            t.words.channel,
            t.mappings.resolve,
            t.mappings.transform,
          ]}
        >
          {mapping.fields.map((field) => (
            <tr key={field.name}>
              <th scope="row">{field.name}</th>
              <td data-label={t.words.hq}>{field.hq?.join(', ') ?? '–'}</td>
              <td data-label={t.words.direction}>{t.directions[field.direction]}</td>
              <td data-label={t.words.channel}>{field.channel?.join(', ') ?? '–'}</td>
              <td data-label={t.mappings.resolve}>{t.mappings.resolves[field.resolve]}</td>
              <td data-label={t.mappings.transform}>
                <Conversion field={field} />
              </td>
            </tr>
          ))}
        </CardTable>
      </div>
    </Section>
  );
}

function Conversion({ field }: { readonly field: MappedField }) {
  const { t } = useSpeech();
  const parts: readonly (string | false)[] = [
    field.values !== null && t.mappings.valueMap(field.values.length),
    field.constant !== null && t.mappings.constant(plainValue(field.constant.value)),
    ...(['toHq', 'toChannel'] as const).map(
      (direction) =>
        field.transform[direction].length > 0 &&
        `${t.directions[direction]}: ${field.transform[direction].map(stepText).join(', ')}`,
    ),
  ];
  const text = parts.filter((part) => part !== false).join('; ');
  if (field.references === null) return text;
  return (
    <>
      <PageLink href={`/mappings/${encodeURIComponent(field.references.mapping)}`}>
        {t.mappings.references(field.references.mapping)}
      </PageLink>{' '}
      {text}
    </>
  );
}

/** As the configuration writes it: `trim`, or `substring 0 5`. */
function stepText({ kind, ...settings }: MappedField['transform']['toHq'][number]): string {
  return [kind, ...Object.values<unknown>(settings).map((value) => JSON.stringify(value))].join(' ');
}

export function Policies({ mapping }: { readonly mapping: Mapping }) {
  const { t, format } = useSpeech();
  const { conflicts, deletions, match, failures } = mapping;
  const tableOf = (side: TableSide): string =>
    [
      tableText(side.table),
      `(${side.key.join(', ')})`,
      side.filter === null ? '' : `· ${t.mappings.filter}: ${side.filter}`,
    ].join(' ');
  const facts: readonly Fact[] = [
    { name: `${t.mappings.table}, ${t.words.hq}`, value: tableOf(mapping.hq) },
    { name: `${t.mappings.table}, ${t.words.channel}`, value: tableOf(mapping.channel) },
    { name: t.mappings.detect, value: t.mappings.detects[conflicts.detect] },
    { name: t.mappings.resolve, value: t.mappings.resolves[conflicts.resolve] },
    { name: t.mappings.deletionsIn(t.words.hq), value: t.mappings.deletions[deletions.inHq] },
    { name: t.mappings.deletionsIn(t.words.channel), value: t.mappings.deletions[deletions.inChannel] },
    { name: t.mappings.initialWinner, value: t.mappings.initialWinners[mapping.initialWinner] },
    { name: t.mappings.fillEmpty, value: mapping.fillEmpty ? t.words.yes : t.words.no },
    { name: t.mappings.coupledOnly, value: mapping.coupledOnly ? t.words.no : t.words.yes },
    { name: t.mappings.maxAttempts, value: format.number(failures.maxAttempts) },
    ...(match.length === 0
      ? []
      : [{ name: t.mappings.match_, value: match.map(({ fields }) => format.list(fields)).join('; ') }]),
  ];
  return (
    <Section title={t.mappings.policies}>
      <Facts of={facts} />
    </Section>
  );
}
