/** A time as a reader wants it, with the exact one at hand. */
import { useEffect, useState } from 'react';
import { useSpeech } from '../language/language.tsx';

export function Time({ at }: { readonly at: string | null }) {
  const { format } = useSpeech();
  if (at === null) return null;
  return (
    <time dateTime={at} title={format.exactTime(at)}>
      {format.dateTime(at)}
    </time>
  );
}

const REDRAW_MS = 20_000;

export function Ago({ at }: { readonly at: string | null }) {
  const { t, format } = useSpeech();
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNowMs(Date.now()), REDRAW_MS);
    return () => window.clearInterval(timer);
  }, []);
  if (at === null) return <>{t.words.never}</>;
  return (
    <time dateTime={at} title={format.exactTime(at)}>
      {format.ago(at, Math.max(nowMs, Date.now()))}
    </time>
  );
}
