/** Signing in with a key or with a token of the identity provider; the session itself is a cookie that no script reads. */
import { Button, Field, Input, Textarea } from '@fluentui/react-components';
import { type FormEvent, useState } from 'react';
import type { Me } from '../../http/schemas/access.ts';
import { queryClient } from '../api/read.ts';
import { ApiProblem, request } from '../api/request.ts';
import { useSpeech } from '../language/language.tsx';
import { faultText } from '../parts/failed.tsx';

export function SignIn({ notice = null }: { readonly notice?: string | null }) {
  const { t } = useSpeech();
  const [way, setWay] = useState<'apiKey' | 'token'>('apiKey');
  const [secret, setSecret] = useState('');
  const [refusal, setRefusal] = useState<string | null>(null);
  const said = refusal ?? notice;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setRefusal(null);
    try {
      queryClient.setQueryData(['/me', ''], await request<Me>('POST', '/session', { body: { [way]: secret.trim() } }));
      await queryClient.invalidateQueries();
    } catch (fault) {
      setRefusal(fault instanceof ApiProblem && fault.status === 401 ? t.signIn.refused : faultText(t, fault));
    }
  };
  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={(event) => void submit(event)}>
        <p className="sign-in-product">Couplet</p>
        <h1>{t.signIn.title}</h1>
        <div role="alert">{said !== null && <p className="banner banner-error">{said}</p>}</div>
        {way === 'apiKey' ? (
          <Field label={t.signIn.key} hint={t.signIn.keyHint} required>
            <Input
              type="password"
              autoComplete="current-password"
              autoFocus
              value={secret}
              onChange={(_, { value }) => setSecret(value)}
            />
          </Field>
        ) : (
          <Field label={t.signIn.token} required>
            <Textarea autoFocus rows={5} value={secret} onChange={(_, { value }) => setSecret(value)} />
          </Field>
        )}
        <Button type="submit" appearance="primary" disabled={secret.trim() === ''}>
          {t.signIn.submit}
        </Button>
        <Button
          appearance="subtle"
          onClick={() => {
            setWay(way === 'apiKey' ? 'token' : 'apiKey');
            setSecret('');
          }}
        >
          {way === 'apiKey' ? t.signIn.useToken : t.signIn.useKey}
        </Button>
      </form>
    </main>
  );
}
