/** Who is there, then the page for them: sign-in where access is configured, the shell otherwise. */
import { FluentProvider, Spinner } from '@fluentui/react-components';
import { Suspense } from 'react';
import type { Me } from '../../http/schemas/access.ts';
import { useLiveEvents } from '../api/live.ts';
import { MeContext } from '../api/me.ts';
import { useRead } from '../api/read.ts';
import { ApiProblem } from '../api/request.ts';
import { useSpeech } from '../language/language.tsx';
import { Failed } from '../parts/failed.tsx';
import { Crash } from './crash.tsx';
import { Shell } from './shell.tsx';
import { useTheme } from './theme.ts';
import { lazyPart } from '../parts/lazy-part.ts';

const SignIn = lazyPart(async () => (await import('./sign-in.tsx')).SignIn);

export function Application() {
  const { theme, name, toggle } = useTheme();
  const { t } = useSpeech();
  return (
    <FluentProvider theme={theme} className="provider">
      <Crash>
        <Suspense fallback={<Spinner className="first-wait" label={t.state.loading} />}>
          <Door theme={{ name, toggle }} />
        </Suspense>
      </Crash>
    </FluentProvider>
  );
}

function Door({ theme }: { readonly theme: { readonly name: 'light' | 'dark'; readonly toggle: () => void } }) {
  const { t } = useSpeech();
  const me = useRead<Me>('/me');
  const inside = me.data !== undefined && me.data.role !== 'channel' && me.error === null;
  useLiveEvents(inside);
  if (me.error instanceof ApiProblem && me.error.status === 401) return <SignIn />;
  if (me.data?.role === 'channel') return <SignIn notice={t.signIn.channelOnly} />;
  // Somebody who was signed in keeps what they see while the server is away.
  if (me.data !== undefined) {
    return (
      <MeContext.Provider value={me.data}>
        <Shell theme={theme} />
      </MeContext.Provider>
    );
  }
  if (me.error !== null) return <Failed fault={me.error} onRetry={() => void me.refetch()} />;
  return <Spinner className="first-wait" label={t.state.loading} />;
}
