import { readFile } from '../content/bodies.ts';
import {
  BadContent,
  count,
  type Fields,
  id,
  list,
  object,
  oneOf,
  optionalId,
  text,
} from '../content/shape.ts';
import type { HistoryConversation } from './format.ts';

/** As `positions` writes them for placed entries; others would collide with waiting own messages or with other keys. */
const POSITION = /^\d{16}(\.\d{4})?$/;
/** Ids of messages and of notices. */
const ENTRY_ID = /^[!-.0-~]{1,160}$/;
const MAX_NAME = 1_024;

/** Validates everything used as a store key, counted or shown. Throws `BadContent`. */
export function checkConversation(value: unknown): HistoryConversation {
  const fields = object(value, 'conversation');
  id(fields, 'id');
  oneOf(fields, 'kind', ['direct', 'group']);
  optionalId(fields, 'peer');
  text(fields, 'name', MAX_NAME);
  if (fields.readThrough !== undefined) count(fields, 'readThrough');
  if (fields.threadReads !== undefined) {
    const reads = object(fields.threadReads, 'threadReads');
    for (const threadId of Object.keys(reads)) count(reads, threadId);
  }
  list(fields, 'lines', Number.POSITIVE_INFINITY, checkLine);
  return value as HistoryConversation;
}

function checkLine(value: unknown): void {
  const line = object(value, 'line');
  match(line, 'position', POSITION);
  const entry = object(line.entry, 'entry');
  match(entry, 'id', ENTRY_ID);
  id(entry, 'from');
  id(entry, 'deviceId');
  count(entry, 'sentAtMs');
  for (const name of ['place', 'expiresAt', 'editedAtMs']) if (entry[name] !== undefined) count(entry, name);
  for (const name of ['replyTo', 'threadId']) optionalId(entry, name);
  for (const name of ['reactions', 'changed']) if (entry[name] !== undefined) object(entry[name], name);
  const body = object(entry.body, 'body');
  const type = oneOf(body, 'type', ['text', 'file', 'deleted', 'notice', 'unknown']);
  if (type === 'file') readFile(body);
  if (type !== 'text') return;
  oneOf(body, 'format', ['plain', 'markdown']);
  text(body, 'text', Number.POSITIVE_INFINITY);
  list(body, 'mentions', Number.POSITIVE_INFINITY, (mention) => text({ mention }, 'mention', 64));
}

function match(fields: Fields, name: string, pattern: RegExp): void {
  if (!pattern.test(text(fields, name, 512))) throw new BadContent(`${name} is none`);
}
