/**
 * Save: a correction is tried in HQ within a transaction that is rolled back, so that types, lengths, checks, foreign and
 * unique keys all speak; then it is kept beside the original, with who and when.
 */
import { isAttribute, isSettable } from '../domain/operation-fields.ts';
import { termsAgain } from '../domain/operation-terms.ts';
import type { Value } from '../domain/record.ts';
import { inActionLane } from '../engine/actions/act-on-error.ts';
import type { LaneContext } from '../engine/lane/lane-context.ts';
import { singleRun } from '../engine/run/single-run.ts';
import { storeOf } from '../engine/lane/site.ts';
import { StoreBusy } from '../errors/store-faults.ts';
import type { CustomerOperation, OperationEdit } from '../ports/commerce.ts';
import type { Correction } from '../ports/customer-operations.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import type { Write } from '../ports/store.ts';
import { ActionRefused, type Asker } from '../ports/synchronizer.ts';
import { plannedWrite, refusedPlan } from './apply-operations.ts';
import { type CommerceSite, guidFieldOf, laneFor, mappingFor } from './commerce-site.ts';
import { gatherOperations, planOperations } from './gather-operations.ts';
import { refuseUnfit, requireOperation, staleOperation } from './refuse-action.ts';

export async function saveOperation(
  commerce: CommerceSite,
  id: string,
  revision: number | null,
  correction: Correction,
  asker: Asker,
): Promise<void> {
  const seen = await requireOperation(commerce.database, id);
  await inActionLane(commerce.site, commerce.memory, laneFor(commerce, seen.channel, seen.part), (context) =>
    saveInContext(commerce, context, id, revision, correction, asker),
  );
}

export async function saveInContext(
  commerce: CommerceSite,
  context: LaneContext,
  id: string,
  revision: number | null,
  correction: Correction,
  asker: Asker,
): Promise<void> {
  // Read under the lane's lock: no job applies it meanwhile.
  const operation = await requireOperation(commerce.database, id);
  refuseUnfit(operation, 'save', asker.actor);
  if (revision !== null && revision !== operation.revision) throw staleOperation();
  refuseUnsettable(commerce, operation, [...Object.keys(correction.values), ...correction.reset]);
  const corrections = correctionsOf(operation, correction);
  // What is given back is the channel's own word, which HQ judges when it comes; tried is only what is newly said.
  const tried = correctionsOf(operation, { values: correction.values, reset: [] });
  const left =
    Object.keys(correction.values).length > 0
      ? await rehearse(commerce, context, { ...operation, corrections: tried }, correction)
      : null;
  const given = { ...operation.values, ...corrections };
  const kept = await commerce.database.changeOperation(id, operation.revision, {
    kind: 'save',
    corrections,
    edits: editsOf(operation, corrections, asker.actor, context.surroundings.now()),
    terms: termsAgain(operation.part !== 'customers', operation.terms, operation.found, given),
    left,
  });
  if (!kept) throw staleOperation();
}

/** What no operation of the channel can set, a correction cannot set either. */
function refuseUnsettable(commerce: CommerceSite, operation: CustomerOperation, names: readonly string[]): void {
  const { channel, part } = operation;
  const mapping = mappingFor(commerce, channel, part);
  const rules = { guidField: guidFieldOf(mapping, commerce.rules), customers: commerce.rules.customers };
  for (const name of names) {
    const field = mapping.fields.find((candidate) => candidate.name === name);
    if (field === undefined || field.channel === null)
      throw new ActionRefused('unknown-field', `the mapping has no field ${name}`, { field: name });
    if (name === rules.guidField || !isAttribute(field, rules, part) || !isSettable(field, operation))
      throw new ActionRefused('field-not-settable', `the operation cannot set ${name}`, { field: name });
  }
}

/** A correction that gives the original back is none. */
function correctionsOf(operation: CustomerOperation, { values, reset }: Correction): Record<string, Value> {
  const all = { ...operation.corrections, ...values };
  return Object.fromEntries(
    Object.entries(all).filter(
      ([name, value]) =>
        !reset.includes(name) && !(Object.hasOwn(operation.values, name) && operation.values[name] === value),
    ),
  );
}

function editsOf(
  operation: CustomerOperation,
  corrections: Readonly<Record<string, Value>>,
  actor: string | null,
  now: Date,
): OperationEdit[] {
  const before = { ...operation.found, ...operation.values, ...operation.corrections };
  const after = { ...operation.found, ...operation.values, ...corrections };
  const names = new Set([...Object.keys(operation.corrections), ...Object.keys(corrections)]);
  return [...names].flatMap((name) => {
    const [old, value] = [before[name] ?? null, after[name] ?? null];
    return old === value ? [] : [{ at: now.toISOString(), actor, name, old, new: value }];
  });
}

// ---------------------------------------------------------------- HQ's word

/** Of these a correction is not the cause: the operation waits for something else, or is for somebody to decide. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'customer-not-found',
  'deleted-in-hq',
  'coupling-ended',
  'match-ambiguous',
  'guid-in-use',
  'parent-not-coupled',
]);
const TRIES = 5;

/** Gives what keeps HQ from taking the operation all the same: a value that the correction has nothing to do with. */
async function rehearse(
  commerce: CommerceSite,
  context: LaneContext,
  whole: CustomerOperation,
  { values: corrected }: Correction,
): Promise<Problem | null> {
  const { operation, aside, problem, left } = await besideOthers(commerce, context, whole, corrected);
  if (problem === null) return left;
  if (!ELSEWHERE.has(problem.code) || isOf(corrected, problem)) throw refused(problem.code, problem.params);
  if (operation.part !== 'customers' && problem.code === 'customer-not-found') {
    const found = await problemWithoutCustomer(commerce, context, operation);
    if (found !== null && (!ELSEWHERE.has(found.code) || isOf(corrected, found)))
      throw refused(found.code, found.params);
    return left;
  }
  const create = operation.part === 'customers' ? await createBefore(commerce, operation) : null;
  if (create === null) return left;
  // The customer is not there yet: tried is what the create and this operation would make of it together.
  const values = { ...create.values, ...create.corrections, ...operation.values, ...operation.corrections };
  const together = await problemInHq(commerce, context, { ...create, values, corrections: {} }, { aside });
  if (together === null || ELSEWHERE.has(together.code)) return left;
  const alone = await problemInHq(commerce, context, create);
  // What HQ refuses of the create alone is not for this operation to answer.
  if (alone === null || !sameProblem(alone, together)) throw refused(together.code, together.params);
  return left;
}

interface Tried {
  readonly operation: CustomerOperation;
  /** Fields that HQ refuses as they are, and that nobody corrects now: the rest is tried without them. */
  readonly aside: ReadonlySet<string>;
  readonly problem: Problem | null;
  /** The first of what was put aside. */
  readonly left: Problem | null;
}

async function besideOthers(
  commerce: CommerceSite,
  context: LaneContext,
  whole: CustomerOperation,
  corrected: Correction['values'],
): Promise<Tried> {
  const aside = new Set<string>();
  let left: Problem | null = null;
  for (let operation = whole; ; operation = withoutFields(whole, aside)) {
    const problem = await problemInHq(commerce, context, operation, { aside });
    const field = problem === null ? null : fieldAside(context, problem, whole, corrected);
    if (field === null) return { operation, aside, problem, left };
    left ??= problem;
    // Without it HQ says nothing more of the others.
    if (aside.has(field)) return { operation, aside, problem: null, left };
    aside.add(field);
  }
}

/** A field that the problem speaks of, unless it speaks of a corrected one too. */
function fieldAside(
  { prepared }: LaneContext,
  { params }: Problem,
  { values, corrections }: CustomerOperation,
  corrected: Correction['values'],
): string | null {
  const columns = new Set([params['columns'] ?? [], params['column'] ?? []].flat());
  const named = new Set([params['field'] ?? [], params['fields'] ?? []].flat());
  const fields = prepared.fields.filter(
    ({ name, field }) => named.has(name) || (field.hq ?? []).some((column) => columns.has(column)),
  );
  if (fields.some(({ name }) => Object.hasOwn(corrected, name))) return null;
  const set = fields.find(({ name }) => Object.hasOwn(values, name) || Object.hasOwn(corrections, name));
  return (set ?? fields[0])?.name ?? null;
}

function withoutFields(operation: CustomerOperation, aside: ReadonlySet<string>): CustomerOperation {
  const rest = (values: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !aside.has(name)));
  return { ...operation, values: rest(operation.values), corrections: rest(operation.corrections) };
}

/** A record that nobody has coupled is the answer to the correction that names it, not something to wait for. */
const isOf = (corrected: Correction['values'], { code, params }: Problem): boolean =>
  code === 'parent-not-coupled' && typeof params['field'] === 'string' && Object.hasOwn(corrected, params['field']);

/**
 * A part whose customer HQ does not have yet, tried as if it were that of nobody, where only the missing customer may be in
 * the way, and then as if it were another customer's, where only what is unique among the parts of one customer may.
 */
async function problemWithoutCustomer(
  commerce: CommerceSite,
  context: LaneContext,
  operation: CustomerOperation,
): Promise<Problem | null> {
  const { channel } = context.lane;
  const customers = mappingFor(commerce, channel, 'customers');
  const columns = customers.hq.key;
  const shape = { table: customers.hq.table, key: columns, columns, filter: null, onCreate: {} };
  const [other] = await (await storeOf(commerce.site, 'hq', null).table(shape)).scan(null, 1);
  if (other === undefined) return null;
  for (const hqKey of [other.key.map(nobodyLike), other.key]) {
    const parent = { mapping: customers.name, channel, guid: operation.guid ?? '', partKey: '', createdBy: null };
    const record = { ...parent, couplingId: context.database.newId(), hqKey, seen: {} };
    const problem = await problemInHq(commerce, context, operation, { parent: record });
    if (problem !== null && !isOfCustomer(commerce, context, problem)) return problem;
  }
  return null;
}

/** A key of the same form that no record has; if one has it, it is another customer all the same. */
const nobodyLike = (part: string | null): string =>
  part === null || /^\d+$/.test(part)
    ? '0'
    : /^[0-9a-f-]{36}$/i.test(part)
      ? 'ffffffff-ffff-ffff-ffff-ffffffffffff'
      : '~'.repeat(part.length);

/** Whether it speaks of whose part it is: a foreign key without its parent, or a unique key within it. */
function isOfCustomer({ rules }: CommerceSite, { prepared }: LaneContext, { code, params }: Problem): boolean {
  const { columns, unique } = params;
  if (code !== 'constraint-violated' || (unique !== true && params['parent'] === undefined)) return false;
  const own = prepared.mapping.fields.find(({ references }) => references?.mapping === rules.customers)?.hq ?? [];
  return !Array.isArray(columns) || own.some((column) => columns.includes(column));
}

async function createBefore(
  { database }: CommerceSite,
  { blockedBy }: CustomerOperation,
): Promise<CustomerOperation | null> {
  const create = blockedBy === null ? null : await database.operationById(blockedBy);
  return create?.name === 'createCustomer' ? create : null;
}

interface Problem {
  readonly code: string;
  readonly params: ActionRefused['params'];
}

const sameProblem = (a: Problem, b: Problem): boolean =>
  a.code === b.code &&
  ['field', 'column', 'constraint', 'value'].every(
    (name) => JSON.stringify(a.params[name] ?? null) === JSON.stringify(b.params[name] ?? null),
  );

interface TriedAs {
  readonly parent?: AsyncRecord | null;
  readonly aside?: ReadonlySet<string>;
}
const NO_FIELDS: ReadonlySet<string> = new Set();

/** What keeps HQ from taking the operation as it is; nothing is kept. */
async function problemInHq(
  commerce: CommerceSite,
  context: LaneContext,
  operation: CustomerOperation,
  { parent = null, aside = NO_FIELDS }: TriedAs = {},
): Promise<Problem | null> {
  // What is in conflict is tried too, as if it won.
  const choices = new Map([[operation.id, { winner: 'channel', fields: new Map() } as const]]);
  const run = singleRun(commerce.site, context.lane, 'synchronize-customers', 'commerce', NOBODY, null, null);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const [work] = await gatherOperations(commerce, context, [operation]);
    if (work === undefined) return null;
    if (parent !== null) Object.assign(work, { parent: work.parent ?? parent });
    await planOperations(commerce, context, [work], { choices, rehearses: true });
    const { plan } = work;
    if (plan?.kind === 'failed') return plan;
    const planned = plan?.kind === 'write' ? plannedWrite(commerce, context, run, work, plan) : null;
    if (planned === null) return null;
    const write = aside.size === 0 ? planned.write : await withStandIns(context, planned.write, aside);
    const [outcome] = await context.tables.hq.write({
      batchId: context.database.newId(),
      fence: context.fence,
      writes: [write],
      expectEmpty: false,
      rehearse: true,
    });
    if (outcome?.status === 'written') return null;
    if (outcome?.status === 'refused' || outcome?.status === 'suppressed') return refusedPlan(context, outcome);
  }
  throw new StoreBusy('the customer is being changed by somebody else; try again', { operation: operation.id });
}

/** In a record that is new, a field put aside has what another record of HQ has: it may have to have something. */
async function withStandIns(context: LaneContext, write: Write, aside: ReadonlySet<string>): Promise<Write> {
  if (write.operation !== 'insert') return write;
  const { fields, sides } = context.prepared;
  const [other] = await context.tables.hq.scan(null, 1);
  if (other === undefined) return write;
  const set = new Map(write.set);
  for (const { name, columns } of fields)
    if (aside.has(name)) for (const at of columns.hq) set.set(sides.hq.columns[at] ?? '', other.values[at] ?? null);
  return { ...write, set };
}

const NOBODY: Asker = { actor: null, reason: null, requestId: null };

const refused = (code: string, params: ActionRefused['params']): ActionRefused =>
  new ActionRefused(code, 'HQ would refuse this', params);
