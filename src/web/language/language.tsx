/** Which language the page speaks: the one that was chosen, else the browser's first that is offered, else English. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import type { PageTexts } from './en.ts';
import { formatsOf, type Formats, regionalTag } from './formats.ts';

export const LANGUAGES = { en: 'English', fr: 'Français', sv: 'Svenska', nl: 'Nederlands' } as const;
export type Language = keyof typeof LANGUAGES;

const REMEMBERED_AS = 'couplet.language';

/** Only the language that is spoken is loaded. */
const LOAD: Record<Language, () => Promise<PageTexts>> = {
  en: async () => (await import('./en.ts')).en,
  fr: async () => (await import('./fr.ts')).fr,
  sv: async () => (await import('./sv.ts')).sv,
  nl: async () => (await import('./nl.ts')).nl,
};

interface Speech {
  readonly language: Language;
  readonly t: PageTexts;
  readonly format: Formats;
  readonly speak: (language: Language) => void;
}

const SpeechContext = createContext<Speech | null>(null);

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (speech === null) throw new Error('useSpeech stands outside of SpeechProvider');
  return speech;
}

const isLanguage = (tag: string): tag is Language => Object.hasOwn(LANGUAGES, tag);

export function preferredLanguage(): Language {
  const remembered = remember(null);
  const wanted = [...(remembered === null ? [] : [remembered]), ...navigator.languages];
  return wanted.map((tag) => tag.split('-')[0]?.toLowerCase() ?? '').find(isLanguage) ?? 'en';
}

/** Where the browser keeps nothing for this page, the choice lasts as long as the page is open. */
function remember(language: Language | null): string | null {
  try {
    if (language !== null) window.localStorage.setItem(REMEMBERED_AS, language);
    return window.localStorage.getItem(REMEMBERED_AS);
  } catch {
    return null;
  }
}

interface Spoken {
  readonly language: Language;
  readonly t: PageTexts;
}

export const loadLanguage = async (language: Language): Promise<Spoken> => ({ language, t: await LOAD[language]() });

export function SpeechProvider({ first, children }: { readonly first: Spoken; readonly children: ReactNode }) {
  const [{ language, t }, setSpoken] = useState(first);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo<Speech>(
    () => ({
      language,
      t,
      format: formatsOf(regionalTag(language)),
      speak: (wanted) => {
        remember(wanted);
        void loadLanguage(wanted).then(setSpoken);
      },
    }),
    [language, t],
  );
  return <SpeechContext.Provider value={speech}>{children}</SpeechContext.Provider>;
}
