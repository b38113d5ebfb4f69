/** What was done, told in passing, with Undo where it can be taken back. Bad news stays until somebody closes it. */
import { Button } from '@fluentui/react-components';
import { CheckmarkCircleFilled } from '@fluentui/react-icons/svg/checkmark-circle';
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss';
import { ErrorCircleFilled } from '@fluentui/react-icons/svg/error-circle';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { PageLink } from '../address/page-link.tsx';
import { useSpeech } from '../language/language.tsx';
import { faultText } from './failed.tsx';

export interface NewNotice {
  readonly text: string;
  readonly kind?: 'done' | 'bad';
  readonly link?: { readonly href: string; readonly text: string };
  readonly undo?: () => Promise<unknown>;
}

interface Notice extends NewNotice {
  readonly id: number;
}

const STAYS_MS = 12_000;
const MOST = 4;

let notices: readonly Notice[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function replace(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

export function notify(notice: NewNotice): void {
  lastId += 1;
  replace([...notices, { ...notice, id: lastId }].slice(-MOST));
}

const close = (id: number): void => replace(notices.filter((notice) => notice.id !== id));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Notices() {
  const { t } = useSpeech();
  const shown = useSyncExternalStore(subscribe, () => notices);
  return (
    <section className="notices" aria-label={t.shell.notices}>
      <div aria-live="polite">
        {shown.map((notice) => (
          <NoticeCard key={notice.id} notice={notice} />
        ))}
      </div>
    </section>
  );
}

function NoticeCard({ notice }: { readonly notice: Notice }) {
  const { t } = useSpeech();
  const [held, setHeld] = useState(false);
  const bad = notice.kind === 'bad';
  useEffect(() => {
    if (bad || held) return;
    const timer = window.setTimeout(() => close(notice.id), STAYS_MS);
    return () => window.clearTimeout(timer);
  }, [bad, held, notice.id]);
  const undo = async (): Promise<void> => {
    close(notice.id);
    try {
      await notice.undo?.();
      notify({ text: t.shell.undone });
    } catch (fault) {
      notify({ text: faultText(t, fault), kind: 'bad' });
    }
  };
  return (
    <div
      className={bad ? 'notice notice-bad' : 'notice'}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
    >
      <span className="notice-icon" aria-hidden>
        {bad ? <ErrorCircleFilled /> : <CheckmarkCircleFilled />}
      </span>
      <span className="notice-text">
        {notice.text} {notice.link && <PageLink href={notice.link.href}>{notice.link.text}</PageLink>}
      </span>
      {notice.undo !== undefined && (
        <Button size="small" onClick={() => void undo()}>
          {t.shell.undo}
        </Button>
      )}
      <Button
        size="small"
        appearance="subtle"
        icon={<DismissRegular />}
        aria-label={t.shell.close}
        onClick={() => close(notice.id)}
      />
    </div>
  );
}
