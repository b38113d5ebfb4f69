/** Customer operations as the API shows them: every attribute with what the customer held and what it is to hold. */
import { causeOfError } from '../../domain/cause-of-error.ts';
import { describeCode, describeOperation, type FieldChange } from '../../domain/describe-change.ts';
import { isMalformed, nextStepOf, operationActions, operationResult } from '../../domain/operation-actions.ts';
import { isAttribute, isSettable, takesPartAway } from '../../domain/operation-fields.ts';
import type { Value } from '../../domain/record.ts';
import type { CustomerOperations, ShownOperation } from '../../ports/customer-operations.ts';
import type { LanePresenter, MappingPresenter } from '../../ports/mapping-presenter.ts';
import type { CustomerOperationDocument } from '../schemas/customer-operations.ts';
import { hasRole } from '../authorize.ts';
import type { Caller } from '../caller.ts';
import { loadLanes } from './lanes.ts';

export async function presentOperations(
  presenter: MappingPresenter,
  { rules }: CustomerOperations,
  items: readonly ShownOperation[],
  caller: Caller,
): Promise<CustomerOperationDocument[]> {
  const laneOf = ({ part, channel }: ShownOperation) => ({ mapping: rules?.mappings[part] ?? part, channel });
  const shown = await loadLanes(presenter, items.map(laneOf));
  return items.map((item) => presentOperation(shown(laneOf(item)), rules, item, caller));
}

interface Attribute {
  readonly name: string;
  readonly old: Value;
  readonly new: Value;
  readonly readOnly: boolean;
}

function presentOperation(
  lane: LanePresenter,
  rules: CustomerOperations['rules'],
  operation: ShownOperation,
  caller: Caller,
): CustomerOperationDocument {
  const attributes = isMalformed(operation) ? [] : attributesOf(lane, rules, operation);
  const show = (name: string, value: Value) => lane.valueToJson('channel', name, value);
  return {
    id: operation.id,
    channel: operation.channel,
    channelName: lane.channelName,
    customerAccount: operation.customerAccount,
    asyncCustomerAccount: operation.guid,
    operationTimestamp: operation.operationTimestamp,
    operation: operation.name,
    status: operation.status,
    lastKnownError: knownErrorOf(lane, operation),
    changeDescription: descriptionOf(operation, attributes),
    attempts: operation.attempts,
    attributes: attributes.map((attribute) => ({
      name: attribute.name,
      oldValue: show(attribute.name, attribute.old),
      newValue: show(attribute.name, attribute.new),
      changed: attribute.old !== attribute.new,
      ...(attribute.readOnly && { readOnly: true }),
    })),
    edits: operation.edits.map((edit) => ({ ...edit, old: show(edit.name, edit.old), new: show(edit.name, edit.new) })),
    allowedActions: lane.mapping === null ? [] : actionsFor(operation, caller),
    errorId: errorOf(operation),
    couplingId: operation.couplingId,
    jobId: operation.jobId,
    blockedBy: operation.blockedBy,
    partKey: partKeyOf(lane, operation),
    createdBy: operation.createdBy,
    editing: operation.editing,
    nextStep: nextStepOf(operation),
    outcome: operationResult(operation),
    history: operation.history.map((step) => ({ ...step })),
    resolution: operation.resolution === null ? null : { ...operation.resolution },
    dismissal: operation.dismissal,
    raw: isMalformed(operation) ? { ...operation.row } : null,
    etag: operation.status === 'waiting' ? null : etagOfOperation(operation),
  };
}

/** Its conflict; of one that has come through, what keeps its customer from the channel. */
const errorOf = ({ errorId, status, distributed, couplingErrorId }: ShownOperation): string | null =>
  errorId ?? (status === 'synchronized' && distributed === false ? couplingErrorId : null);

/** Acting needs an operator: of anybody else nothing would be taken. */
const actionsFor = (operation: ShownOperation, caller: Caller) =>
  hasRole(caller, 'operator') ? [...operationActions(operation, caller.actor)] : [];

export const etagOfOperation = ({ revision }: Pick<ShownOperation, 'revision'>): string => `"r${revision}"`;

function knownErrorOf(lane: LanePresenter, { code, params }: ShownOperation) {
  if (code === null) return null;
  const field = params['field'];
  return {
    code,
    field: typeof field === 'string' ? field : null,
    params,
    cause: causeOfError(lane.lane.mapping, code, params),
    message: describeCode(code, params),
  };
}

/**
 * A deactivation takes everything away; of another operation, what it does not set stays: what only comes from HQ, and what
 * a create leaves empty of somebody who is there.
 */
function attributesOf(lane: LanePresenter, rules: CustomerOperations['rules'], operation: ShownOperation): Attribute[] {
  const given = { ...operation.values, ...operation.corrections };
  const ends = takesPartAway(operation);
  const creates = operation.row['operation'] === '1';
  const shown = { guidField: rules?.guidField ?? null, customers: rules?.mappings.customers ?? null };
  return lane.fields
    .filter((field) => isAttribute(field, shown, operation.part))
    .map((field) => {
      const { name } = field;
      const old = operation.found?.[name] ?? null;
      const readOnly = !isSettable(field, operation);
      const sets = Object.hasOwn(given, name) && !readOnly && !(creates && (given[name] ?? null) === null);
      const value = ends ? null : sets ? (given[name] ?? null) : old;
      return { name, old, new: value, readOnly };
    });
}

function descriptionOf(operation: ShownOperation, attributes: readonly Attribute[]): string {
  const { code, params, name, status } = operation;
  if (name === null) return code === null ? '' : describeCode(code, params);
  const changes: FieldChange[] = attributes.map((attribute) => ({ field: attribute.name, ...attribute }));
  const coupled = operationResult(operation) === 'coupled';
  const told =
    status === 'failed' || status === 'conflict' || status === 'blocked' ? status : coupled ? 'coupled' : 'other';
  return describeOperation(name, told, changes, code === null ? null : { code, params });
}

/** In the form of its column, where that is mapped. */
function partKeyOf(lane: LanePresenter, { partKey }: ShownOperation) {
  if (partKey === null) return null;
  const parents = new Set(lane.fields.flatMap((field) => (field.references === null ? [] : (field.channel ?? []))));
  const column = lane.mapping?.channel.key.find((name) => !parents.has(name));
  const field = lane.fields.find(({ channel }) => channel?.length === 1 && channel[0] === column);
  return field === undefined ? partKey : lane.valueToJson('channel', field.name, partKey);
}
