/** When a mapping runs next by itself; null for those that follow changes, or nobody but people. */
import { CronExpressionParser } from 'cron-parser';
import type { Schedule } from '../domain/mapping.ts';

/** Runs of `every` are counted from the last one that ended well, as the timetable offers them anew after each start. */
export function nextRunAt(schedule: Schedule, lastSuccessAt: string | null, now: Date): string | null {
  if (schedule.kind === 'cron') {
    return CronExpressionParser.parse(schedule.expression, { currentDate: now, tz: schedule.timezone })
      .next()
      .toDate()
      .toISOString();
  }
  if (schedule.kind !== 'every') return null;
  const due = lastSuccessAt === null ? now.getTime() : Date.parse(lastSuccessAt) + schedule.everyMs;
  return new Date(Math.max(due, now.getTime())).toISOString();
}
