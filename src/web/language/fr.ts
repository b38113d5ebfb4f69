import { en, type PageTexts } from './en.ts';
export const fr: PageTexts = en;
