/** Filters that select everything, for those who ask for one thing only. */
import type { ErrorFilter, LogFilter } from '../ports/queries.ts';

const NO_RECORD = { side: null, key: null, since: null, until: null };

export const NO_ERROR_FILTER: ErrorFilter = {
  ...NO_RECORD,
  mapping: null,
  channel: null,
  kind: null,
  code: null,
  cause: null,
  field: null,
  status: null,
  parked: null,
  scope: null,
  jobId: null,
  couplingId: null,
  assignee: null,
  q: null,
  ids: null,
};

export const NO_LOG_FILTER: LogFilter = {
  ...NO_RECORD,
  mapping: null,
  channel: null,
  couplingId: null,
  related: false,
  jobId: null,
  errorId: null,
  field: null,
  actor: null,
  action: null,
  cause: null,
  q: null,
  ids: null,
};
