/** One coupling: both records, what it refers to, its log, and what can be done with it. */
import { Button, Checkbox } from '@fluentui/react-components';
import { useState } from 'react';
import type { CouplingDocument } from '../../../http/schemas/couplings.ts';
import { addressOf, changeQuery, useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { useRead } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered } from '../../parts/failed.tsx';
import { Facts, PageFrame, Section } from '../../parts/page-frame.tsx';
import { Pager, useBack } from '../../parts/pager.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import { ComparedValue, Value } from '../../parts/value.tsx';
import { keyText, sameValue } from '../../parts/value-text.ts';
import { LogEntries } from '../log/log-page.tsx';
import { useNames } from '../use-names.ts';
import { CouplingDialog } from './coupling-dialog.tsx';
import { channelText, CouplingStatus, hqText } from './coupling-words.tsx';

export function CouplingCard({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const names = useNames();
  const asked = useRead<CouplingDocument>(`/couplings/${id}`);
  const coupling = asked.data;
  const back = useBack('/couplings', '/couplings', t.nav.couplings);
  return (
    <PageFrame
      title={coupling === undefined ? t.nav.couplings : hqText(coupling)}
      back={back}
      over={
        coupling && (
          <>
            <CouplingStatus coupling={coupling} /> · {names.mapping(coupling.mapping)} · {coupling.channelName}
          </>
        )
      }
      actions={coupling && <CouplingActions coupling={coupling} />}
    >
      <Answered of={asked}>{(answer) => <OpenCoupling coupling={answer} />}</Answered>
    </PageFrame>
  );
}

function OpenCoupling({ coupling }: { readonly coupling: CouplingDocument }) {
  const { t } = useSpeech();
  const { query } = useAddress();
  const related = query.get('related') === 'true';
  return (
    <>
      <section className="section">
        <Facts
          of={[
            { name: t.words.hqRecord, value: `${hqText(coupling)} (${keyText(coupling.hqKey)})` },
            {
              name: t.words.channelRecord,
              value: coupling.channelKey === null ? '–' : `${channelText(coupling)} (${keyText(coupling.channelKey)})`,
            },
            { name: t.couplings.lastSynchronized, value: <Ago at={coupling.lastSynchronizedAt} /> },
            { name: t.couplings.created, value: <Time at={coupling.createdAt} /> },
            ...(coupling.endedAt === null ? [] : [{ name: t.couplings.ended, value: <Time at={coupling.endedAt} /> }]),
            ...coupling.references.map(({ field, couplingId }) => ({
              name: `${t.couplings.references}: ${field}`,
              value: <Reference couplingId={couplingId} />,
            })),
          ]}
        />
      </section>
      {coupling.fields !== undefined && coupling.status !== 'ended' && <Values coupling={coupling} />}
      <Section
        title={t.nav.log}
        actions={
          <Checkbox
            label={t.couplings.related}
            checked={related}
            onChange={() => changeQuery({ related: related ? null : 'true' }, { replace: true })}
          />
        }
      >
        <LogEntries
          path={`/couplings/${coupling.id}/synchronization-log`}
          query={new URLSearchParams(related ? { related: 'true' } : {})}
        />
      </Section>
    </>
  );
}

function Reference({ couplingId }: { readonly couplingId: string }) {
  const { t } = useSpeech();
  const { data } = useRead<CouplingDocument>(`/couplings/${couplingId}`);
  return <PageLink href={`/couplings/${couplingId}`}>{data === undefined ? t.errors.coupling : hqText(data)}</PageLink>;
}

function Values({ coupling }: { readonly coupling: CouplingDocument }) {
  const { t } = useSpeech();
  return (
    <Section title={t.couplings.values}>
      {coupling.asOf != null && <p className="banner banner-warning">{t.words.asOf(coupling.asOf)}</p>}
      <table className="compare">
        <thead>
          <tr>
            <th scope="col" className="compare-field">
              {t.words.field}
            </th>
            <th scope="col">{t.words.hq}</th>
            <th scope="col">{t.words.lastSynchronized}</th>
            <th scope="col">{coupling.channelName}</th>
          </tr>
        </thead>
        <tbody>
          {coupling.fields?.map(({ name, base, hq, channel }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td data-label={t.words.hq}>
                {base !== null && !sameValue(base.hq, hq) ? (
                  <ComparedValue before={base.hq} after={hq} />
                ) : (
                  <Value value={hq} />
                )}
              </td>
              <td data-label={t.words.lastSynchronized}>
                {base === null ? <span className="value-empty">{t.errors.noBase}</span> : <Value value={base.hq} />}
              </td>
              <td data-label={coupling.channelName}>
                {base !== null && !sameValue(base.channel, channel) ? (
                  <ComparedValue before={base.channel} after={channel} />
                ) : (
                  <Value value={channel} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function CouplingActions({ coupling }: { readonly coupling: CouplingDocument }) {
  const { t } = useSpeech();
  const may = useMay();
  const [asking, setAsking] = useState<'synchronize' | 'remove' | null>(null);
  const open = coupling.status !== 'ended' && may('operator');
  return (
    <>
      {open && (
        <>
          <Button appearance="subtle" onClick={() => setAsking('synchronize')}>
            {t.couplings.synchronizeNow}
          </Button>
          <Button appearance="subtle" onClick={() => setAsking('remove')}>
            {t.couplings.uncouple}
          </Button>
        </>
      )}
      {coupling.errorId !== null && (
        <PageLink className="action-link" href={`/errors/${coupling.errorId}`}>
          {t.couplings.openError}
        </PageLink>
      )}
      <PageLink className="action-link" href={addressOf('/log', { couplingId: coupling.id })}>
        {t.nav.log}
      </PageLink>
      <Pager path="/couplings" href={`/couplings/${coupling.id}`} />
      {asking !== null && <CouplingDialog coupling={coupling} what={asking} onClose={() => setAsking(null)} />}
    </>
  );
}
