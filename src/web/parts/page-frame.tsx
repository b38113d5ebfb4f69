/** The head of every page: where one is, its name, what can be done; then the page. */
import { ArrowLeftRegular } from '@fluentui/react-icons/svg/arrow-left';
import { type ReactNode, useEffect, useRef } from 'react';
import { PageLink } from '../address/page-link.tsx';
import { isReturning } from './list-memory.ts';

interface PageFrameProps {
  readonly title: string;
  readonly over?: ReactNode;
  readonly back?: { readonly href: string; readonly text: string };
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** A list fills the window and scrolls within itself; other pages scroll as a whole. */
  readonly fills?: boolean;
}

/** The first page of a visit leaves focus where the browser puts it. */
let visited = false;

export function PageFrame({ title, over, back, actions, children, fills = false }: PageFrameProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Couplet`;
  }, [title]);
  useEffect(() => {
    if (visited && !isReturning()) heading.current?.focus({ preventScroll: true });
    visited = true;
  }, []);
  return (
    <div className={fills ? 'page page-fills' : 'page'}>
      <div className="page-head">
        {back !== undefined && (
          <PageLink plain href={back.href} className="page-back">
            <ArrowLeftRegular aria-hidden /> {back.text}
          </PageLink>
        )}
        {over !== undefined && <p className="page-over">{over}</p>}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
  readonly className?: string;
}

export function Section({ title, children, actions, className }: SectionProps) {
  return (
    <section className={className === undefined ? 'section' : `section ${className}`}>
      <div className="section-head">
        <h2>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

export interface Fact {
  readonly name: string;
  readonly value: ReactNode;
}

/** Names and values in columns, as the header of a card shows them. */
export function Facts({ of }: { readonly of: readonly Fact[] }) {
  return (
    <dl className="facts">
      {of.map(({ name, value }) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
