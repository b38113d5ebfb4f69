/** Features with their prerequisites, the state that each channel really has, and what still has to run. */
import { Switch } from '@fluentui/react-components';
import type { FeatureDocument } from '../../../http/schemas/commerce.ts';
import { useMay } from '../../api/me.ts';
import { useChange, useRead } from '../../api/read.ts';
import { ApiProblem, request } from '../../api/request.ts';
import type { PageTexts } from '../../language/en.ts';
import type { Formats } from '../../language/formats.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered, faultText } from '../../parts/failed.tsx';
import { Mark } from '../../parts/mark.tsx';
import { notify } from '../../parts/notices.tsx';
import { Section } from '../../parts/page-frame.tsx';
import { useNames } from '../use-names.ts';

export function Features() {
  const { t } = useSpeech();
  const features = useRead<{ items: readonly FeatureDocument[] }>('/commerce/features');
  return (
    <Section title={t.commerce.features}>
      <Answered of={features} absent={t.operations.notConfigured}>
        {({ items }) => (
          <ul className="stack">
            {items.map((feature) => (
              <FeatureItem key={feature.name} feature={feature} />
            ))}
          </ul>
        )}
      </Answered>
    </Section>
  );
}

const featureName = (t: PageTexts, name: string, label = name): string =>
  Object.hasOwn(t.commerce.featureNames, name)
    ? t.commerce.featureNames[name as keyof PageTexts['commerce']['featureNames']]
    : label;

function FeatureItem({ feature }: { readonly feature: FeatureDocument }) {
  const { t, format } = useSpeech();
  const names = useNames();
  const may = useMay();
  const label = featureName(t, feature.name, feature.label);
  const change = useChange((enabled: boolean) =>
    request('PUT', `/commerce/features/${feature.name}`, { body: { enabled } }),
  );
  const toggle = (): void =>
    change.mutate(!feature.enabled, {
      onSuccess: () => notify({ text: t.commerce.switched(label) }),
      onError: (fault) => notify({ text: refusal(t, format, fault), kind: 'bad' }),
    });
  return (
    <li className="feature">
      <Switch label={label} checked={feature.enabled} disabled={!may('admin') || change.isPending} onChange={toggle} />
      {feature.requires.length > 0 && (
        <p className="quiet">
          {t.commerce.requires}: {format.list(feature.requires.map((name) => featureName(t, name)))}
        </p>
      )}
      <p className="button-row">
        <span className="quiet">{t.commerce.effective}:</span>
        {Object.entries(feature.effective).map(([channel, enabled]) => (
          <Mark key={channel} tone={enabled ? 'good' : 'quiet'}>
            {names.channel(channel)}: {enabled ? t.commerce.enabled : t.commerce.disabled}
          </Mark>
        ))}
      </p>
      {feature.drift && (
        <div className="banner banner-warning">
          <strong>{t.commerce.drift}</strong>
          <ul>
            {Object.entries(feature.pendingJobs)
              .filter(([, jobs]) => jobs.length > 0)
              .map(([channel, jobs]) => (
                <li key={channel}>{t.commerce.pendingJobs(names.channel(channel), jobs.join(', '))}</li>
              ))}
          </ul>
        </div>
      )}
    </li>
  );
}

function refusal(t: PageTexts, format: Formats, fault: Error): string {
  if (!(fault instanceof ApiProblem)) return faultText(t, fault);
  const named = (value: unknown): string =>
    format.list((Array.isArray(value) ? value : []).map((name) => featureName(t, String(name))));
  const { problem } = fault;
  if (fault.code === 'prerequisite-missing')
    return t.commerce.missing(named(problem['missing'] ?? problem.params['missing']));
  if (fault.code === 'feature-required-by')
    return t.commerce.requiredBy(
      named(problem['requiredBy'] ?? problem.params['requiredBy'] ?? problem.params['features']),
    );
  return faultText(t, fault);
}
