/** A link to another address of the page: an ordinary link to the browser, but without loading everything anew. */
import { Link } from '@fluentui/react-components';
import type { MouseEvent, ReactNode } from 'react';
import { navigate } from './address.ts';

interface PageLinkProps {
  readonly href: string;
  readonly children: ReactNode;
  readonly className?: string;
  readonly label?: string;
  readonly current?: boolean;
  readonly plain?: boolean;
  readonly tabIndex?: number;
  readonly onFollow?: () => void;
}

export function PageLink({ href, children, className, label, current, plain, tabIndex, onFollow }: PageLinkProps) {
  const follow = (event: MouseEvent): void => {
    // Another tab or window, or saving the target, is the browser's.
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    navigate(href);
    onFollow?.();
  };
  const attributes = {
    href,
    onClick: follow,
    'aria-label': label,
    'aria-current': current === true ? ('page' as const) : undefined,
    className,
    tabIndex,
  };
  return plain === true ? <a {...attributes}>{children}</a> : <Link {...attributes}>{children}</Link>;
}
