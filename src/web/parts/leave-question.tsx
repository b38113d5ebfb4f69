/** Before something that is not saved is lost, one is asked: here on the way elsewhere, by the browser on a reload. */
import { Button } from '@fluentui/react-components';
import { type ReactNode, useEffect, useState } from 'react';
import { stayUntilAsked } from '../address/address.ts';
import { useSpeech } from '../language/language.tsx';
import { Modal } from './modal.tsx';

interface LeavingProps {
  readonly unsaved: boolean;
  /** Once it is left for good, also by closing the window where something unsaved was given up. */
  readonly onLeave: () => void;
}

interface Leaving {
  /** For what ends the work within the page: done at once where nothing would be lost. */
  readonly askBefore: (act: () => void) => void;
  readonly question: ReactNode;
}

export function useLeaveQuestion({ unsaved, onLeave }: LeavingProps): Leaving {
  const [leave, setLeave] = useState<(() => void) | null>(null);
  const ask = (act: () => void): void => setLeave(() => act);
  useEffect(() => stayUntilAsked({ unsaved, ask, onLeave }));
  useEffect(() => {
    if (!unsaved) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    window.addEventListener('pagehide', onLeave);
    return () => {
      window.removeEventListener('beforeunload', warn);
      window.removeEventListener('pagehide', onLeave);
    };
  });
  return {
    askBefore: (act) => (unsaved ? ask(act) : act()),
    question: leave !== null && (
      <LeaveQuestion
        onStay={() => setLeave(null)}
        onLeave={() => {
          setLeave(null);
          leave();
        }}
      />
    ),
  };
}

function LeaveQuestion({ onStay, onLeave }: { readonly onStay: () => void; readonly onLeave: () => void }) {
  const { t } = useSpeech();
  return (
    <Modal
      title={t.shell.leaveQuestion}
      onClose={onStay}
      actions={
        <>
          <Button appearance="primary" data-first-focus onClick={onStay}>
            {t.shell.stay}
          </Button>
          <Button onClick={onLeave}>{t.shell.leave}</Button>
        </>
      }
    >
      <p>{t.shell.unsaved}</p>
    </Modal>
  );
}
