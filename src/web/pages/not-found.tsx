/** An address that no page has. */
import { PageLink } from '../address/page-link.tsx';
import { useSpeech } from '../language/language.tsx';
import { PageFrame } from '../parts/page-frame.tsx';

export function NotFound() {
  const { t } = useSpeech();
  return (
    <PageFrame title={t.state.notFound}>
      <p className="empty">
        <PageLink href="/">{t.state.home}</PageLink>
      </p>
    </PageFrame>
  );
}
