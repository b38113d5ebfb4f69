/** Previous, Next and Back of an open card, along the list that it was opened from. */
import { Button } from '@fluentui/react-components';
import { ChevronLeftRegular } from '@fluentui/react-icons/svg/chevron-left';
import { ChevronRightRegular } from '@fluentui/react-icons/svg/chevron-right';
import { navigate } from '../address/address.ts';
import { useSpeech } from '../language/language.tsx';
import { siblingsOf } from './list-siblings.ts';

export function useBack(path: string, home: string, text: string): { readonly href: string; readonly text: string } {
  return { href: siblingsOf(path, '').back ?? home, text };
}

export function Pager({ path, href }: { readonly path: string; readonly href: string }) {
  const { t } = useSpeech();
  const { previous, next } = siblingsOf(path, href);
  if (previous === null && next === null) return null;
  return (
    <span className="pager">
      <Button
        appearance="subtle"
        icon={<ChevronLeftRegular />}
        aria-label={t.list.previous}
        title={t.list.previous}
        disabled={previous === null}
        onClick={() => previous !== null && navigate(previous)}
      />
      <Button
        appearance="subtle"
        icon={<ChevronRightRegular />}
        aria-label={t.list.next}
        title={t.list.next}
        disabled={next === null}
        onClick={() => next !== null && navigate(next)}
      />
    </span>
  );
}
