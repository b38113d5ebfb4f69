/** What became of each record or action of a job. */
import type { JobDocument, JobResultDocument } from '../../../http/schemas/jobs.ts';
import { useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useList } from '../../api/read.ts';
import { describe } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered, Empty } from '../../parts/failed.tsx';
import { FilterBar, type FilterSpec } from '../../parts/filter-bar.tsx';
import { Mark, type Tone } from '../../parts/mark.tsx';
import { MoreButton } from '../../parts/more-button.tsx';
import { Section } from '../../parts/page-frame.tsx';
import { keyText } from '../../parts/value-text.ts';
import { Writes } from '../../parts/writes.tsx';
import { choicesOf } from '../use-names.ts';

const TONES: Record<JobResultDocument['status'], Tone> = { succeeded: 'good', failed: 'bad', skipped: 'quiet' };

export function JobResults({ job }: { readonly job: JobDocument }) {
  const { t } = useSpeech();
  const { query } = useAddress();
  const asked = new URLSearchParams();
  for (const name of ['status', 'q']) for (const value of query.getAll(name)) asked.append(name, value);
  const list = useList<JobResultDocument>(`/jobs/${job.id}/results`, asked);
  const filters: readonly FilterSpec[] = [
    { name: 'status', label: t.words.status, choices: choicesOf(t.jobs.resultStatuses) },
  ];
  const results = list.data?.pages.flatMap(({ items }) => items) ?? [];
  // Ordinary runs keep no single results: an empty section would only ask why.
  if (list.data !== undefined && results.length === 0 && asked.size === 0 && job.finishedAt !== null) return null;
  return (
    <Section title={t.jobs.results}>
      <FilterBar filters={filters} />
      <Answered of={list}>
        {() =>
          results.length === 0 ? (
            <Empty>{asked.size === 0 ? t.jobs.noResults : t.list.emptyFiltered}</Empty>
          ) : (
            <>
              <ul className="results">
                {results.map((result, at) => (
                  <Result key={at} result={result} />
                ))}
              </ul>
              <MoreButton list={list} />
            </>
          )
        }
      </Answered>
    </Section>
  );
}

function Result({ result }: { readonly result: JobResultDocument }) {
  const { t, format } = useSpeech();
  const keys = [keyText(result.hqKey), keyText(result.channelKey)].filter((text) => text !== '').join(' ↔ ');
  const href =
    result.errorId !== null
      ? `/errors/${result.errorId}`
      : result.couplingId !== null
        ? `/couplings/${result.couplingId}`
        : null;
  const text =
    result.code === null ? result.message : describe(t, result.code, result.params, result.message ?? result.code);
  return (
    <li className="result">
      <p className="button-row">
        <Mark tone={TONES[result.status]}>{t.jobs.resultStatuses[result.status]}</Mark>
        {href === null ? <span>{keys}</span> : <PageLink href={href}>{keys === '' ? t.words.details : keys}</PageLink>}
        <span>{text}</span>
      </p>
      {result.candidates.length > 0 && (
        <ul className="result-candidates">
          {result.candidates.map((candidate) => (
            <li key={`${candidate.side} ${keyText(candidate.key)}`}>
              {candidate.description}{' '}
              <span className="quiet">{t.errors.matchedOn(format.list(candidate.matchedOn))}</span>
            </li>
          ))}
        </ul>
      )}
      {result.writes.length > 0 && <Writes writes={result.writes} />}
    </li>
  );
}
