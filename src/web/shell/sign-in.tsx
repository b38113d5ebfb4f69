/** Signing in at the identity provider, with a key or with a token; the session is a cookie that no script reads. */
import { Button, Field, Input, Textarea } from '@fluentui/react-components';
import { type FormEvent, useState } from 'react';
import type { Me, SignInWays } from '../../http/schemas/access.ts';
import { addressOf, navigate, useAddress } from '../address/address.ts';
import { queryClient, useRead } from '../api/read.ts';
import { ApiProblem, request } from '../api/request.ts';
import { describe } from '../language/describe.ts';
import type { PageTexts } from '../language/en.ts';
import { useSpeech } from '../language/language.tsx';
import { faultText } from '../parts/failed.tsx';

const SIGN_IN = '/sign-in';

export function SignIn({ notice = null }: { readonly notice?: string | null }) {
  const { t } = useSpeech();
  const { path, query } = useAddress();
  const ways = useRead<SignInWays>('/session/ways');
  const [refusal, setRefusal] = useState<string | null>(saidThere(t, query));
  const said = refusal ?? notice;
  const here = path === SIGN_IN ? '/' : addressOf(path, query);
  const open = ways.data ?? (ways.error === null ? null : { apiKey: true, token: true, redirect: false });
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <p className="sign-in-product">Couplet</p>
        <h1>{t.signIn.title}</h1>
        <div role="alert">{said !== null && <p className="banner banner-error">{said}</p>}</div>
        {open?.redirect === true && (
          <Button as="a" appearance="primary" href={`/api/v1${addressOf('/session/oidc', { to: here })}`}>
            {t.signIn.provider}
          </Button>
        )}
        {open !== null && (open.apiKey || (open.token && !open.redirect)) && (
          <SecretForm ways={open} onRefusal={setRefusal} />
        )}
      </div>
    </main>
  );
}

/** How it went at the provider, as the address that one came back to has it. */
function saidThere(t: PageTexts, query: URLSearchParams): string | null {
  if (query.get('refused') === 'true') return t.signIn.refusedThere;
  if (query.get('away') !== 'true') return null;
  return describe(t, 'identity-provider-unreachable', null, 'The sign-in provider cannot be reached');
}

interface SecretFormProps {
  readonly ways: SignInWays;
  readonly onRefusal: (text: string | null) => void;
}

function SecretForm({ ways, onRefusal }: SecretFormProps) {
  const { t } = useSpeech();
  const { path } = useAddress();
  const [way, setWay] = useState<'apiKey' | 'token'>(ways.apiKey ? 'apiKey' : 'token');
  const [secret, setSecret] = useState('');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    onRefusal(null);
    try {
      queryClient.setQueryData(['/me', ''], await request<Me>('POST', '/session', { body: { [way]: secret.trim() } }));
      if (path === SIGN_IN) navigate('/', { replace: true });
      await queryClient.invalidateQueries();
    } catch (fault) {
      onRefusal(fault instanceof ApiProblem && fault.status === 401 ? t.signIn.refused : faultText(t, fault));
    }
  };
  return (
    <form className="sign-in-form" onSubmit={(event) => void submit(event)}>
      {way === 'apiKey' ? (
        <Field label={t.signIn.key} hint={t.signIn.keyHint} required>
          <Input
            type="password"
            autoComplete="current-password"
            autoFocus={!ways.redirect}
            value={secret}
            onChange={(_, { value }) => setSecret(value)}
          />
        </Field>
      ) : (
        <Field label={t.signIn.token} required>
          <Textarea autoFocus rows={5} value={secret} onChange={(_, { value }) => setSecret(value)} />
        </Field>
      )}
      <Button type="submit" appearance={ways.redirect ? 'secondary' : 'primary'} disabled={secret.trim() === ''}>
        {t.signIn.submit}
      </Button>
      {ways.apiKey && ways.token && !ways.redirect && (
        <Button
          appearance="subtle"
          onClick={() => {
            setWay(way === 'apiKey' ? 'token' : 'apiKey');
            setSecret('');
          }}
        >
          {way === 'apiKey' ? t.signIn.useToken : t.signIn.useKey}
        </Button>
      )}
    </form>
  );
}
