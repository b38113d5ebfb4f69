/** What would be written, record by record and field by field. */
import { useSpeech } from '../language/language.tsx';
import { PageLink } from '../address/page-link.tsx';
import type { JobResultDocument } from '../../http/schemas/jobs.ts';
import type { ActionAnswer } from '../../http/schemas/synchronization-errors.ts';
import { Value, ComparedValue } from './value.tsx';
import { keyText } from './value-text.ts';

export type Write = JobResultDocument['writes'][number];
export type Dependent = ActionAnswer['dependents'][number];

export function Writes({ writes }: { readonly writes: readonly Write[] }) {
  const { t } = useSpeech();
  if (writes.length === 0) return <p className="quiet">{t.actions.writesNothing}</p>;
  return (
    <ul className="writes">
      {writes.map((write, at) => (
        <li key={at} className="write">
          <p className="write-head">
            <strong>{t.actions.inSide(t.actions.operations[write.operation], t.words.sides[write.side])}</strong>{' '}
            <span className="quiet">{write.key === null ? t.actions.newKey : keyText(write.key)}</span>
          </p>
          {write.fields.length > 0 && <WrittenFields write={write} />}
        </li>
      ))}
    </ul>
  );
}

function WrittenFields({ write }: { readonly write: Write }) {
  const { t } = useSpeech();
  const fresh = write.operation === 'insert' || write.operation === 'restore';
  const gone = write.operation === 'delete';
  return (
    <table className="table write-fields">
      <thead>
        <tr>
          <th scope="col">{t.words.field}</th>
          {!fresh && <th scope="col">{t.words.old}</th>}
          {!gone && <th scope="col">{t.words.new}</th>}
        </tr>
      </thead>
      <tbody>
        {write.fields.map((field) => (
          <tr key={field.name}>
            <th scope="row">{field.name}</th>
            {!fresh && (
              <td data-label={t.words.old}>
                <Value value={field.old} />
              </td>
            )}
            {!gone && (
              <td data-label={t.words.new}>
                {fresh ? <Value value={field.new} /> : <ComparedValue before={field.old} after={field.new} />}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Dependents({ of }: { readonly of: readonly Dependent[] }) {
  const { t } = useSpeech();
  if (of.length === 0) return null;
  return (
    <div className="dependents">
      <h3>{t.actions.dependents(of.length)}</h3>
      <ul>
        {of.slice(0, 20).map(({ mapping, couplingId, description, errorId }) => (
          <li key={couplingId}>
            <PageLink href={errorId === null ? `/couplings/${couplingId}` : `/errors/${errorId}`}>
              {description}
            </PageLink>{' '}
            <span className="quiet">{mapping}</span>
          </li>
        ))}
        {of.length > 20 && <li>{t.actions.andMore(of.length - 20)}</li>}
      </ul>
    </div>
  );
}
