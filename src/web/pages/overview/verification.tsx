/** How far it is proven that both apps agree. */
import { Button, ProgressBar } from '@fluentui/react-components';
import type { JobDocument } from '../../../http/schemas/jobs.ts';
import type { VerificationDocument } from '../../../http/schemas/stores.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { useChange, useRead } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered, faultText } from '../../parts/failed.tsx';
import { notify } from '../../parts/notices.tsx';
import { Section } from '../../parts/page-frame.tsx';
import { Ago } from '../../parts/time.tsx';

export function Verification() {
  const { t } = useSpeech();
  const may = useMay();
  const proof = useRead<VerificationDocument>('/verification');
  const verify = useChange(() => request<JobDocument>('POST', '/verify'));
  const start = (): void =>
    verify.mutate(undefined, {
      onSuccess: ({ id }) =>
        notify({ text: t.overview.verifyStarted, link: { href: `/jobs/${id}`, text: t.words.job } }),
      onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
    });
  return (
    <Section
      title={t.overview.verification}
      actions={
        may('operator') && (
          <Button size="small" disabled={verify.isPending} onClick={start}>
            {t.overview.verify}
          </Button>
        )
      }
    >
      <Answered of={proof}>
        {({ pairs, verified, differences, drift, oldestProofAt }) => (
          <div className="stack">
            <p>{t.overview.verified(verified, pairs)}</p>
            <ProgressBar value={pairs === 0 ? 0 : verified / pairs} aria-label={t.overview.verification} />
            <p>
              <PageLink href="/errors?code=verification-difference">{t.overview.differences(differences)}</PageLink>
              {drift > 0 && <span className="quiet"> · {t.overview.drift(drift)}</span>}
              {oldestProofAt !== null && (
                <span className="quiet">
                  {' · '}
                  <Ago at={oldestProofAt} />
                </span>
              )}
            </p>
          </div>
        )}
      </Answered>
    </Section>
  );
}
