/** What matters of the figures: they differ from machine to machine, their ratios hardly do. */
import type { Figures } from './measure.ts';

export interface Ratio {
  readonly name: string;
  readonly ratio: number;
  readonly goal: string;
}

const RATIOS: readonly (readonly [name: string, of: string, to: string, goal: string])[] = [
  ['W1 to the reference', 'W1 couplet', 'W1 reference', '>= 0.8'],
  ['W1 to the limit', 'W1 couplet', 'W1 limit', '>= 0.6'],
  ['W2 to the reference', 'W2 couplet', 'W2 reference', '>= 0.8'],
  ['W3 listed to the reference', 'W3 listed, couplet', 'W3 listed, reference', '>= 0.9'],
  ['W3 resolved by policy to W2', 'W3 resolved by policy, couplet', 'W2 couplet', '>= 0.6'],
  ['W6 to W2', 'W6 couplet', 'W2 couplet', '>= 0.5'],
  ['W7 to W2', 'W7 couplet', 'W2 couplet', '>= 0.5'],
  ['W8 to W1', 'W8 couplet', 'W1 couplet', '>= 0.7'],
];

export const ratiosOf = (figures: Figures): readonly Ratio[] =>
  RATIOS.flatMap(([name, of, to, goal]) => {
    const [a, b] = [figures.median(of), figures.median(to)];
    return a === null || b === null ? [] : [{ name, ratio: a / b, goal }];
  });
