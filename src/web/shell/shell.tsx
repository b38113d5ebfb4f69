/** What stands around every page: header, navigation, notices, the search over everything. */
import { Button, Select } from '@fluentui/react-components';
import { NavigationRegular } from '@fluentui/react-icons/svg/navigation';
import { SearchRegular } from '@fluentui/react-icons/svg/search';
import { SignOutRegular } from '@fluentui/react-icons/svg/sign-out';
import { WeatherMoonRegular } from '@fluentui/react-icons/svg/weather-moon';
import { WeatherSunnyRegular } from '@fluentui/react-icons/svg/weather-sunny';
import { Suspense, useEffect, useState } from 'react';
import type { StoreDocument } from '../../http/schemas/stores.ts';
import { useAddress } from '../address/address.ts';
import { PageLink } from '../address/page-link.tsx';
import { lastContactAt, useReachable } from '../api/connection.ts';
import { useMe } from '../api/me.ts';
import { queryClient, useRead } from '../api/read.ts';
import { request } from '../api/request.ts';
import { LANGUAGES, type Language, useSpeech } from '../language/language.tsx';
import { Waiting } from '../parts/failed.tsx';
import { useKeptFocus } from '../parts/keep-focus.ts';
import { Modal } from '../parts/modal.tsx';
import { Notices } from '../parts/notices.tsx';
import { Crash } from './crash.tsx';
import { Navigation } from './navigation.tsx';
import { routeOf } from './routes.tsx';
import { lazyPart } from '../parts/lazy-part.ts';

const TellMe = lazyPart(async () => (await import('./tell-me.tsx')).TellMe);

interface ThemeChoice {
  readonly name: 'light' | 'dark';
  readonly toggle: () => void;
}

export function Shell({ theme }: { readonly theme: ThemeChoice }) {
  const { t } = useSpeech();
  const { path } = useAddress();
  const [open, setOpen] = useState<'nothing' | 'navigation' | 'tellMe'>('nothing');
  useTellMeKeys(() => setOpen('tellMe'));
  useKeptFocus();
  const { page: Page, id } = routeOf(path);
  const close = (): void => setOpen('nothing');
  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        {t.nav.skip}
      </a>
      <Header theme={theme} onNavigation={() => setOpen('navigation')} onTellMe={() => setOpen('tellMe')} />
      <div className="shell-navigation">
        <Navigation />
      </div>
      <main className="shell-main" id="content" tabIndex={-1}>
        <Offline />
        <Crash key={path}>
          <Suspense fallback={<Waiting />}>
            <Page key={path} id={id} />
          </Suspense>
        </Crash>
      </main>
      <Notices />
      {open === 'navigation' && (
        <Modal title={t.nav.label} onClose={close} side>
          <Navigation onFollow={close} />
        </Modal>
      )}
      {open === 'tellMe' && (
        <Suspense fallback={null}>
          <TellMe onClose={close} />
        </Suspense>
      )}
    </div>
  );
}

function useTellMeKeys(show: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const key = event.key.toLowerCase();
      const asked = (event.ctrlKey || event.metaKey ? key === 'k' : event.altKey && key === 'q') && !event.shiftKey;
      if (!asked) return;
      event.preventDefault();
      // One dialog at a time: the open one has unsaved choices.
      if (document.querySelector('dialog[open]') === null) show();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  });
}

interface HeaderProps {
  readonly theme: ThemeChoice;
  readonly onNavigation: () => void;
  readonly onTellMe: () => void;
}

function Header({ theme, onNavigation, onTellMe }: HeaderProps) {
  const { t } = useSpeech();
  const stores = useRead<readonly StoreDocument[]>('/stores');
  const company = stores.data?.find(({ side }) => side === 'hq')?.name;
  return (
    <header className="header">
      <Button
        className="header-button header-menu"
        appearance="transparent"
        icon={<NavigationRegular />}
        aria-label={t.nav.open}
        onClick={onNavigation}
      />
      <PageLink plain href="/" className="header-product">
        Couplet
      </PageLink>
      <span className="header-company">{company}</span>
      <button type="button" className="header-search" onClick={onTellMe} aria-keyshortcuts="Control+K Alt+Q">
        <SearchRegular aria-hidden />
        <span className="header-search-text">{t.tellMe.title}</span>
        <kbd aria-hidden>Ctrl+K</kbd>
      </button>
      <LanguageMenu />
      <Button
        className="header-button"
        appearance="transparent"
        icon={theme.name === 'dark' ? <WeatherSunnyRegular /> : <WeatherMoonRegular />}
        aria-label={theme.name === 'dark' ? t.shell.light : t.shell.dark}
        title={theme.name === 'dark' ? t.shell.light : t.shell.dark}
        onClick={theme.toggle}
      />
      <SignedIn />
    </header>
  );
}

function LanguageMenu() {
  const { t, language, speak } = useSpeech();
  return (
    <Select
      className="header-language"
      size="small"
      appearance="filled-lighter"
      aria-label={t.shell.language}
      value={language}
      onChange={(_, { value }) => speak(value as Language)}
    >
      {Object.entries(LANGUAGES).map(([tag, name]) => (
        <option key={tag} value={tag} lang={tag}>
          {name}
        </option>
      ))}
    </Select>
  );
}

function SignedIn() {
  const { t } = useSpeech();
  const { actor, role } = useMe();
  // Without access configured there is nobody to sign out.
  if (actor === 'local') return null;
  const signOut = async (): Promise<void> => {
    await request('DELETE', '/session');
    queryClient.clear();
    window.location.assign('/');
  };
  return (
    <>
      <span className="header-actor">{t.shell.signedInAs(actor, t.shell.roles[role])}</span>
      <Button
        className="header-button"
        appearance="transparent"
        icon={<SignOutRegular />}
        aria-label={t.shell.signOut}
        title={t.shell.signOut}
        onClick={() => void signOut()}
      />
    </>
  );
}

function Offline() {
  const { t, format } = useSpeech();
  const reachable = useReachable();
  return (
    <div role="status">
      {!reachable && (
        <p className="banner banner-warning offline">
          <strong>{t.shell.offline}</strong> {t.shell.offlineMore(format.clock(lastContactAt()))}
        </p>
      )}
    </div>
  );
}
