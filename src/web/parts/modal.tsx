/** A dialog on the browser's own `dialog` element: the rest of the page is inert, Escape closes, focus goes back. */
import { Button } from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useSpeech } from '../language/language.tsx';
import { placeFocus } from './keep-focus.ts';

interface ModalProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
  readonly side?: boolean;
  readonly wide?: boolean;
}

export function Modal({ title, onClose, children, actions, side = false, wide = false }: ModalProps) {
  const { t } = useSpeech();
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    // What opened it may be gone when it closes (the row that was resolved): then the browser has nowhere to go back to.
    const opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    if (element?.open === false) element.showModal();
    // The browser has given the focus to the first button; React's `autoFocus` came before there was a dialog to focus in.
    element?.querySelector<HTMLElement>('[data-first-focus]')?.focus();
    return () => {
      element?.close();
      if (opener?.isConnected === true) opener.focus();
      else placeFocus();
    };
  }, []);
  const shape = side ? 'modal modal-side' : wide ? 'modal modal-wide' : 'modal';
  return (
    <dialog
      ref={dialog}
      className={shape}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current && side) onClose();
      }}
    >
      <div className="modal-frame">
        <div className="modal-head">
          <h2 id={titleId}>{title}</h2>
          <Button appearance="subtle" icon={<DismissRegular />} aria-label={t.shell.close} onClick={onClose} />
        </div>
        <div className="modal-body">{children}</div>
        {actions !== undefined && <div className="modal-actions">{actions}</div>}
      </div>
    </dialog>
  );
}
