import { en, type PageTexts } from './en.ts';
export const nl: PageTexts = en;
