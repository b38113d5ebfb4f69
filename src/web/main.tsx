/** The page begins: its language first, then everything else. */
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api/read.ts';
import { loadLanguage, preferredLanguage, SpeechProvider } from './language/language.tsx';
import { Application } from './shell/application.tsx';
import './style/base.css';
import './style/shell.css';
import './style/page.css';
import './style/sections.css';
import './style/dialogs.css';
import './style/compare.css';
import './style/overview.css';
import './style/timeline.css';
import './style/commerce.css';
import './style/list.css';

const place = document.getElementById('page');
if (place === null) throw new Error('the document has no place for the page');
const first = await loadLanguage(preferredLanguage());
document.documentElement.lang = first.language;
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <SpeechProvider first={first}>
        <Application />
      </SpeechProvider>
    </QueryClientProvider>
  </StrictMode>,
);
