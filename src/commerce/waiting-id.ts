/**
 * What names an operation that its channel still holds. It is made of the place of the row, so that it leads there, and
 * later to the operation that the row has become: an RFC 9562 UUID of version 8, with 48 bits of the channel's name, the
 * part, and the counter.
 */
import { createHash } from 'node:crypto';
import { OPERATION_TABLES, type OperationPart } from '../domain/operation-row.ts';

export interface WaitingPlace {
  readonly channel: string;
  readonly part: OperationPart;
  readonly counter: string;
}

const PARTS = Object.keys(OPERATION_TABLES) as OperationPart[];
const VERSION = 0x8n;
const VARIANT = 0b10n;

export function waitingId({ channel, part, counter }: WaitingPlace): string {
  const content = (BigInt(PARTS.indexOf(part)) << 64n) | BigInt.asUintN(64, BigInt(counter));
  const id =
    (bitsOf(channel) << 80n) |
    (VERSION << 76n) |
    ((content >> 62n) << 64n) |
    (VARIANT << 62n) |
    BigInt.asUintN(62, content);
  const digits = id.toString(16).padStart(32, '0');
  return [0, 8, 12, 16, 20].map((from, at, all) => digits.slice(from, all[at + 1])).join('-');
}

/** Null: it names no row of these channels. */
export function waitingPlace(id: string, channels: readonly string[]): WaitingPlace | null {
  const bits = BigInt(`0x${id.replaceAll('-', '')}`);
  if (((bits >> 76n) & 0xfn) !== VERSION) return null;
  const content = (((bits >> 64n) & 0xfffn) << 62n) | BigInt.asUintN(62, bits);
  const channel = channels.find((name) => bitsOf(name) === bits >> 80n);
  const part = PARTS[Number(content >> 64n)];
  if (channel === undefined || part === undefined) return null;
  return { channel, part, counter: String(BigInt.asIntN(64, content)) };
}

const bitsOf = (channel: string): bigint =>
  BigInt(`0x${createHash('sha256').update(channel).digest('hex').slice(0, 12)}`);
