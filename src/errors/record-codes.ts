/** Codes of synchronization errors: of a record or pair first, then of a mapping as a whole. */
import type { CodeEntry } from './code-entry.ts';

export const RECORD_CODES = {
  'update-conflict': {
    meaning: 'Both apps changed the same field (with `detect: record`, the same record) since they last agreed.',
    acts: 'data',
    reach: 'field',
    remedy: 'Compare the versions and choose one with Synchronize, for the record or field by field.',
    status: null,
    message: '{field} {was} changed in both apps[: {hqValue} in HQ, {channelValue} in the channel]',
  },
  'initial-conflict': {
    meaning:
      'Two records hold different values, and nothing says which is right: they were newly coupled, or a field newly mapped, and no winner is configured; or a mass of changes was declined, or a restored store compared, and each difference is left to a person.',
    acts: 'data',
    reach: 'field',
    remedy:
      'Choose a version with Synchronize; for new pairs, `initialWinner` and `fillEmpty` of the mapping decide it.',
    status: null,
    message:
      '{field} {differs} between the two records, and nothing says which is right[: {hqValue} in HQ, {channelValue} in the channel][; HQ has this record already: {matched}]',
  },
  'record-replaced': {
    meaning: 'A record was deleted and created again with the same key. It is another record now and is not merged.',
    acts: 'data',
    reach: 'record',
    remedy: 'Choose a version with Synchronize, or remove the coupling.',
    status: null,
    message: 'The record was deleted and created again[ in {replacedIn}][ with a different {field}]',
  },
  'deleted-in-hq': {
    meaning: 'The record was deleted in HQ; its partner in the channel is unchanged.',
    acts: 'data',
    reach: 'record',
    remedy: 'Restore it, delete the partner too, or remove the coupling; `deletions` decides it for the future.',
    status: null,
    message: 'The record[ {key}] was deleted in HQ',
  },
  'deleted-in-channel': {
    meaning: 'The record was deleted in the channel; its partner in HQ is unchanged.',
    acts: 'data',
    reach: 'record',
    remedy: 'Restore it, delete the partner too, or remove the coupling; `deletions` decides it for the future.',
    status: null,
    message: 'The record[ {key}] was deleted in the channel',
  },
  'deleted-and-changed': {
    meaning: 'The record was deleted in one app and changed in the other. No policy deletes a changed record.',
    acts: 'data',
    reach: 'record',
    remedy: 'Restore the deleted record, or delete the changed one after looking at what changed.',
    status: null,
    message: 'The record[ {key}] was deleted in {deletedIn} and changed in the other app',
  },
  'deletion-would-cascade': {
    meaning: 'Deleting the record would take along coupled records through foreign keys of the store.',
    acts: 'data',
    reach: 'record',
    remedy: 'Delete or uncouple the dependent records first, or restore the deleted one.',
    status: null,
    message: 'Deleting the record would also delete records that are still coupled[: {dependents}][ ({table})]',
  },
  'constraint-violated': {
    meaning: 'The store refused the write because of a unique key, a foreign key, a check or an exclusion.',
    acts: 'data',
    reach: 'record',
    remedy: 'Change the value, or the record that is in the way; then Retry.',
    status: null,
    message:
      'The store refused the record because of {constraint}[: {message}][: the record {blockedBy} has the same {columns}]' +
      '[: there is no record {values} in {parent}][: records of {child} refer to it]',
  },
  'write-suppressed': {
    meaning: 'A trigger or rule of the store discarded the write without an error.',
    acts: 'setup',
    reach: 'record',
    remedy: 'Find the trigger or rule on the table, change it or the value; then Retry.',
    status: null,
    message: 'A trigger or rule[ in {side}] discarded the write without an error',
  },
  'value-too-long': {
    meaning: 'The value has more characters than the target column takes.',
    acts: 'data',
    reach: 'field',
    remedy: 'Shorten the value, widen the column, or map the field with a `substring` transform.',
    status: 422,
    message: '{field} is too long[: {length} characters]; at most {limit} fit[ ({value})]',
  },
  'value-not-mapped': {
    meaning: 'The value map of the field has no entry for the value.',
    acts: 'setup',
    reach: 'field',
    remedy: 'Add the value to `values` of the field, or change it in the app.',
    status: 422,
    message: '{field} has the value {value}, which its value map does not know',
  },
  'value-invalid': {
    meaning: 'The value cannot be a value of the target column.',
    acts: 'data',
    reach: 'field',
    remedy: 'Correct the value, or map the field with a transform that makes it fit.',
    status: 422,
    message: '{field} has the value {value}, which is not a valid {type}[; allowed are {allowed}]',
  },
  'transform-failed': {
    meaning: 'A transform of the field could not be applied to the value.',
    acts: 'data',
    reach: 'field',
    remedy: 'Correct the value, or the transform in the configuration.',
    status: 422,
    message: '{field} has the value {value}, to which {transform} cannot be applied[; it takes a {expected}]',
  },
  'required-value-missing': {
    meaning: 'The target column must have a value and the record has none for it.',
    acts: 'data',
    reach: 'field',
    remedy: 'Fill in the value, map the column, or give it a value with `onCreate` or a `default` transform.',
    status: 422,
    message: '{field} must have a value[ in {side}]',
  },
  'parent-not-coupled': {
    meaning:
      'The record refers to one that has no partner in the other app yet. It follows by itself when that is coupled.',
    acts: 'data',
    reach: 'record',
    remedy: 'Couple the parent or solve its error; set `ifUncoupled: clear` to send the record without it.',
    status: null,
    message: '{field} refers to {parent}[ {parentKey}], which is not coupled[; HQ has this record already: {matched}]',
  },
  'match-ambiguous': {
    meaning: 'More than one record matches, or the one that matches is coupled already. Nothing is created or coupled.',
    acts: 'data',
    reach: 'record',
    remedy: 'Couple it with the right one of the candidates, or create a new record if none is right.',
    status: null,
    message:
      'It is not certain which record is the partner[: {several} records match on {matchedOn}][: {taken} matches on {matchedOn}, but is coupled with another record][: {uncoupled} matches on {matchedOn}, but somebody removed its coupling][: {contested} matches on {matchedOn}, but so do other records on this side]; nothing was coupled or created',
  },
  'verification-difference': {
    meaning: 'Verification found the stores to differ from what the coupling says, with no change waiting.',
    acts: 'data',
    reach: 'record',
    remedy: 'Choose a version with Synchronize; look for writes that fire no triggers.',
    status: null,
    message: '{field} is not what was last synchronized, and no change of it was seen',
  },
  'partner-missing': {
    meaning:
      'A store went back in time, or gave the key of a deleted record to another one, and this record is without a partner in the other app: it is new, or its partner was deleted meanwhile. Nothing is created by itself.',
    acts: 'data',
    reach: 'record',
    remedy:
      'Retry creates it in the other app; or couple it with a record there; or remove the coupling to leave it as it is.',
    status: null,
    message: 'The record has no partner in {side}, where a store was restored or its key was given to another record',
  },
  swinging: {
    meaning:
      'The field changes back and forth between the two apps; a trigger or another integration undoes each write.',
    acts: 'setup',
    reach: 'record',
    remedy: 'Find what changes the value back, or let the field travel in one direction only; then Retry.',
    status: null,
    message:
      '{field} keeps changing back and forth between the two apps[, in HQ by {hqBy}][, in the channel by {channelBy}]',
  },
  'operation-malformed': {
    meaning: 'A customer operation of the channel cannot be read: unknown operation or column, or a wrong type.',
    acts: 'bug',
    reach: 'record',
    remedy: 'Correct what writes the operation tables; this operation can only be dismissed.',
    status: null,
    message: 'The operation cannot be read[: {reason}]',
  },
  'counter-reused': {
    meaning:
      'A row of an operation table came again under a counter that is known, with another content: the channel was restored from a backup. Nothing was overwritten.',
    acts: 'data',
    reach: 'mapping',
    remedy:
      'Raise the counter of the table above every number that was used before, and let the channel write the operation again.',
    status: null,
    message: 'Counter {counter} of {table} was used before with another content',
  },
  'guid-in-use': {
    meaning: 'A customer was created under a GUID that names another customer already.',
    acts: 'bug',
    reach: 'record',
    remedy: 'Correct what draws the GUIDs in the channel; dismiss this operation and create the customer again.',
    status: null,
    message: 'The GUID {guid} names another customer already',
  },
  'operation-not-supported': {
    meaning: 'The configuration does not say how this kind of operation is carried out in HQ.',
    acts: 'setup',
    reach: 'record',
    remedy: 'Set it under `commerce` (for example `deactivateCustomer`), then synchronize the operation.',
    status: 422,
    message: '{operation} is not set up',
  },
  'mass-deletion': {
    meaning:
      'More records were deleted at once than the deletion breaker allows. None of the deletions was carried out.',
    acts: 'data',
    reach: 'mapping',
    remedy: 'Approve them, or decline: each then becomes a deletion error of its own.',
    status: null,
    message:
      '{deletions} records were deleted in {deletedIn} at once[, {percent} % of {couplings}][; {cascades} others would go along]',
  },
  'mass-change': {
    meaning: 'More records were changed at once than the change breaker allows. None of the changes was carried out.',
    acts: 'data',
    reach: 'mapping',
    remedy:
      'Approve carries them all out; Decline carries none out, and each becomes a conflict to be decided by itself.',
    status: null,
    message:
      '{changes} records were changed in {changedIn} at once[, {percent} % of {couplings}]; nothing is carried over before it is approved',
  },
  'records-unreadable': {
    meaning:
      'The store cannot give back records: the filter fails on one of them, or one holds bytes that its encoding does not know. What cannot be read is taken neither for deleted nor for new.',
    acts: 'data',
    reach: 'mapping',
    remedy:
      'Correct the value that the store complains of, or write the filter so that it can be told for every record; the mapping goes on by itself.',
    status: null,
    message: 'Records of {table} cannot be read[: {reason}]',
  },
  'schema-changed': {
    meaning: 'A table, column or type is not as the mapping or the capture knew it.',
    acts: 'setup',
    reach: 'mapping',
    remedy:
      'Adapt the mapping or the table; `couplet check` names what does not fit, `couplet install` renews the capture.',
    status: null,
    message: 'The table[ {table}] is not as it was[: {difference}][: there is no {column}]',
  },
  'permission-denied': {
    meaning: 'The store does not grant Couplet what the mapping needs.',
    acts: 'setup',
    reach: 'mapping',
    remedy: 'Grant the right that is named; `couplet check` lists all that are missing.',
    status: null,
    message: 'The store does not permit[ {right}] access[ to {table}]',
  },
} as const satisfies Record<string, CodeEntry>;
