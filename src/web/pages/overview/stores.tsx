/** The stores, and what is wrong with their set-up, apart from errors of records, each with its remedy. */
import { Button } from '@fluentui/react-components';
import type { JobDocument } from '../../../http/schemas/jobs.ts';
import type { StoreDocument } from '../../../http/schemas/stores.ts';
import { useMay } from '../../api/me.ts';
import { useChange } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { describe, setUpRemedyOf } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { Mark, type Tone } from '../../parts/mark.tsx';
import { notify } from '../../parts/notices.tsx';
import { Section } from '../../parts/page-frame.tsx';
import { Ago } from '../../parts/time.tsx';
import { useNames } from '../use-names.ts';

const TONES: Record<StoreDocument['state'], Tone> = {
  reachable: 'good',
  unreachable: 'bad',
  setupProblem: 'warn',
  replaced: 'bad',
};

export function Stores({ stores }: { readonly stores: readonly StoreDocument[] }) {
  const { t } = useSpeech();
  const may = useMay();
  const check = useChange(() => request<JobDocument>('POST', '/check'));
  const start = (): void =>
    check.mutate(undefined, {
      onSuccess: ({ id }) =>
        notify({ text: t.overview.checkStarted, link: { href: `/jobs/${id}`, text: t.words.job } }),
      onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
    });
  return (
    <Section
      title={t.overview.stores}
      actions={
        may('operator') && (
          <Button size="small" disabled={check.isPending} onClick={start}>
            {t.overview.check}
          </Button>
        )
      }
    >
      <ul>
        {stores.map((store) => (
          <Store key={store.channel ?? ''} store={store} />
        ))}
      </ul>
    </Section>
  );
}

function Store({ store }: { readonly store: StoreDocument }) {
  const { t } = useSpeech();
  const may = useMay();
  return (
    <li className="store">
      <div className="button-row">
        <strong>{store.name}</strong>
        <span className="quiet">{store.side === 'hq' ? t.words.hq : t.words.channel}</span>
        <Mark tone={TONES[store.state]}>{t.overview.storeStates[store.state]}</Mark>
        {store.since !== null && store.state !== 'reachable' && (
          <span className="quiet">
            <Ago at={store.since} />
          </span>
        )}
        {store.state === 'reachable' && !store.captureInstalled && (
          <span className="quiet">{t.overview.captureMissing}</span>
        )}
        {store.channel !== null && may('admin') && <PauseChannel channel={store.channel} />}
      </div>
      <Problems of={store.problems} />
    </li>
  );
}

/** The API words problems in English; where the page has the sentence in the reader's language, that stands. */
function Problems({ of }: { readonly of: StoreDocument['problems'] }) {
  const { t, language } = useSpeech();
  if (of.length === 0) return null;
  return (
    <ul className="banner banner-warning problems">
      {of.map((problem, at) => {
        const worded = t.codes !== null && Object.hasOwn(t.codes, problem.code);
        const remedy = setUpRemedyOf(t, problem);
        return (
          <li key={at} lang={worded ? language : 'en'}>
            <strong>{describe(t, problem.code, problem.params, problem.message)}</strong>
            {problem.mapping !== null && <span className="quiet"> · {problem.mapping}</span>}
            {problem.line !== null && (
              <span className="quiet" lang={language}>
                {' '}
                · {t.overview.problemLine(problem.line)}
              </span>
            )}
            {remedy.text !== null && <p lang={remedy.inEnglish ? 'en' : language}>{remedy.text}</p>}
          </li>
        );
      })}
    </ul>
  );
}

/** A channel counts as paused when every mapping of it is. */
function PauseChannel({ channel }: { readonly channel: string }) {
  const { t } = useSpeech();
  const { mappings } = useNames();
  const lanes = mappings.flatMap(({ channels }) => channels.filter((lane) => lane.channel === channel));
  const paused = lanes.length > 0 && lanes.every(({ state }) => state === 'paused' || state === 'disabled');
  const change = useChange((verb: 'pause' | 'resume') =>
    request('POST', `/stores/${encodeURIComponent(channel)}/${verb}`),
  );
  const press = (): void =>
    change.mutate(paused ? 'resume' : 'pause', {
      onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
    });
  return (
    <Button size="small" appearance="subtle" disabled={change.isPending} onClick={press}>
      {paused ? t.overview.resumeChannel : t.overview.pauseChannel}
    </Button>
  );
}
