/** Fluent's light and dark themes in Couplet's colour. Shade 80 on white has a contrast of 5.1 to 1. */
import { type BrandVariants, createDarkTheme, createLightTheme, type Theme } from '@fluentui/react-components';
import { useEffect, useState } from 'react';

const petrol: BrandVariants = {
  10: '#011416',
  20: '#062327',
  30: '#08363b',
  40: '#09474d',
  50: '#095860',
  60: '#0a6169',
  70: '#0a6870',
  80: '#0b7780',
  90: '#2a8b93',
  100: '#479ea5',
  110: '#62b0b6',
  120: '#7dc1c7',
  130: '#99d2d7',
  140: '#b5e1e5',
  150: '#d2eff1',
  160: '#ecf9fa',
};

const light: Theme = { ...createLightTheme(petrol), colorNeutralForeground4: '#616161' };
const dark: Theme = {
  ...createDarkTheme(petrol),
  colorBrandForeground1: petrol[110],
  colorBrandForeground2: petrol[120],
  colorBrandForegroundLink: petrol[120],
  colorNeutralForeground4: '#adadad',
};

const REMEMBERED_AS = 'couplet.theme';
type Name = 'light' | 'dark';

function remembered(): Name | null {
  try {
    const name = window.localStorage.getItem(REMEMBERED_AS);
    return name === 'light' || name === 'dark' ? name : null;
  } catch {
    return null;
  }
}

export function useTheme(): { readonly theme: Theme; readonly name: Name; readonly toggle: () => void } {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const [chosen, setChosen] = useState(remembered);
  const [systemDark, setSystemDark] = useState(system.matches);
  useEffect(() => {
    const follow = (event: MediaQueryListEvent): void => setSystemDark(event.matches);
    system.addEventListener('change', follow);
    return () => system.removeEventListener('change', follow);
  }, [system]);
  const name = chosen ?? (systemDark ? 'dark' : 'light');
  useEffect(() => {
    document.documentElement.dataset['theme'] = name;
  }, [name]);
  const toggle = (): void => {
    const other = name === 'dark' ? 'light' : 'dark';
    setChosen(other);
    try {
      window.localStorage.setItem(REMEMBERED_AS, other);
    } catch {
      // A browser that keeps nothing shows the choice until the page is closed.
    }
  };
  return { theme: name === 'dark' ? dark : light, name, toggle };
}
