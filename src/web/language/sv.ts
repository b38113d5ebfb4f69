import { en, type PageTexts } from './en.ts';
export const sv: PageTexts = en;
