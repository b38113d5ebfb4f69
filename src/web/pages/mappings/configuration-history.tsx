/** Changes of the configuration: when, by whom, what. */
import { Button } from '@fluentui/react-components';
import type { z } from 'zod';
import type { ConfigurationChangeSchema } from '../../../http/schemas/mappings.ts';
import { useList } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered, Empty } from '../../parts/failed.tsx';
import { Section } from '../../parts/page-frame.tsx';
import { Time } from '../../parts/time.tsx';

type Change = z.infer<typeof ConfigurationChangeSchema>;

export function ConfigurationHistory() {
  const { t } = useSpeech();
  const list = useList<Change>('/configuration/history', new URLSearchParams());
  return (
    <Section title={t.mappings.history}>
      <Answered of={list}>
        {({ pages }) => {
          const changes = pages.flatMap(({ items }) => items);
          if (changes.length === 0) return <Empty>{t.list.empty}</Empty>;
          return (
            <ul className="stack">
              {changes.map(({ id, at, actor, difference }) => (
                <li key={id}>
                  <p>
                    <Time at={at} /> {actor !== null && t.log.byHand(actor)}
                  </p>
                  <pre className="raw" tabIndex={0}>
                    {JSON.stringify(difference, null, 2)}
                  </pre>
                </li>
              ))}
              {list.hasNextPage && (
                <li>
                  <Button size="small" onClick={() => void list.fetchNextPage()}>
                    {t.list.more}
                  </Button>
                </li>
              )}
            </ul>
          );
        }}
      </Answered>
    </Section>
  );
}
