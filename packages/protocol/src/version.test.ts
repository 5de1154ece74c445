import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { neededCapability } from './capabilities.ts';
import { downstream, downstreamNames, reservedIds, upstream, upstreamNames } from './catalog.ts';
import { closeCodes } from './close-codes.ts';
import type { MessageDefinition } from './define-message.ts';
import { errors } from './errors.ts';
import { contexts, reservedContexts } from './signing/contexts.ts';
import {
  CATALOG_HISTORY,
  FRAME_VERSION,
  PROTOCOL_VERSION,
  SUPPORTED_FRAME_VERSIONS,
  SUPPORTED_PROTOCOL_VERSIONS,
} from './version.ts';

const definitions: MessageDefinition[] = [...Object.values(upstream), ...Object.values(downstream)];
const idsByName = new Map(definitions.map(({ name, id }) => [name, id]));

/** Everything that two programs must agree on. Texts for people are left out: they may be reworded freely. */
function catalogue(): unknown {
  return {
    versions: { FRAME_VERSION, PROTOCOL_VERSION, SUPPORTED_FRAME_VERSIONS, SUPPORTED_PROTOCOL_VERSIONS },
    up: byName(Object.values(upstream), ({ id, up, maxUpBytes }) => ({ id, schema: up, cap: maxUpBytes })),
    down: byName(Object.values(downstream), ({ id, down, maxDownBytes }) => ({
      id,
      schema: down,
      cap: maxDownBytes,
    })),
    reservedIds,
    errors: Object.fromEntries(
      Object.entries(errors).map(([name, { code, retry }]) => [name, { code, retry }]),
    ),
    neededCapability,
    closeCodes,
    contexts,
    reservedContexts,
  };
}

function byName(all: MessageDefinition[], facts: (definition: MessageDefinition) => unknown): unknown {
  return Object.fromEntries(all.map((definition) => [definition.name, facts(definition)]));
}

/** JSON with the members of every object in order of their names. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

test('the last line of CATALOG_HISTORY has the hash of the catalogue', () => {
  const hash = createHash('sha256').update(canonicalJson(catalogue())).digest('hex');
  const last = CATALOG_HISTORY.at(-1);
  if (last?.hash === hash) return;
  throw new Error(
    [
      'The wire contract has changed: a type, a field, a cap, an error, a close code or a signed field.',
      '',
      'If you did not mean that, undo it: programs that are out there would not understand each other.',
      'If you did:',
      '  1. Can an old client or server still work with a new one? If not, raise the major part of',
      '     PROTOCOL_VERSION in src/version.ts; if there is something new to use, its minor part.',
      '  2. Put the id of a type that you removed into reservedIds in src/catalog.ts.',
      '  3. Write the vectors anew, and read their diff: node packages/protocol/vectors/generate.ts',
      '  4. Add a line at the end of CATALOG_HISTORY in src/version.ts (change the last line only if it was',
      '     never released). With a new version number, step 4 comes last, because it is part of the hash:',
      '',
      `  { date: '${new Date().toISOString().slice(0, 10)}', hash: '${hash}', why: '…' },`,
    ].join('\n'),
  );
});

test('the history has a hash once, in order of time, and says why', () => {
  const hashes = CATALOG_HISTORY.map(({ hash }) => hash);
  const dates = CATALOG_HISTORY.map(({ date }) => date);
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(dates).toEqual(dates.toSorted());
  for (const { date, hash, why } of CATALOG_HISTORY) {
    expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(why.length).toBeGreaterThan(10);
  }
});

test('what is spoken is supported', () => {
  expect(SUPPORTED_FRAME_VERSIONS).toContain(FRAME_VERSION);
  expect(SUPPORTED_PROTOCOL_VERSIONS).toContain(PROTOCOL_VERSION);
});

const FAMILIES: Record<string, number> = {
  client_hello: 0x00,
  client_auth: 0x00,
  ping: 0x00,
  server_hello: 0x00,
  session_ready: 0x00,
  pong: 0x00,
  error: 0x00,
  goaway: 0x00,
  device_list: 0x01,
  key_exchange: 0x01,
  key_bundle_request: 0x01,
  key_bundle: 0x01,
  key_count: 0x01,
  turn_credentials: 0x01,
  key_log: 0x01,
  key_log_proof: 0x01,
  p2p_offer: 0x06,
  p2p_answer: 0x06,
  p2p_candidate: 0x06,
  p2p_bye: 0x06,
  presence: 0x02,
  presence_subscribe: 0x02,
  presence_privacy: 0x02,
  typing: 0x02,
  chat: 0x03,
  ack: 0x03,
  receipt: 0x03,
  resume: 0x03,
  sync: 0x03,
  sync_page: 0x03,
  block: 0x03,
  unblock: 0x03,
  block_list: 0x03,
  history_truncated: 0x03,
  receipt_privacy: 0x03,
  push_subscribe: 0x03,
  push_unsubscribe: 0x03,
  group_create: 0x04,
  group_member_add: 0x04,
  group_member_remove: 0x04,
  group_leave: 0x04,
  group_update: 0x04,
  group_commit: 0x04,
  group_info: 0x04,
  file_offer: 0x05,
  file_accept: 0x05,
  file_decline: 0x05,
  file_cancel: 0x05,
  file_chunk: 0x05,
  file_chunk_request: 0x05,
  file_progress: 0x05,
  file_status: 0x05,
};

test('every type has one id, of its family, that no other type has or had', () => {
  for (const { name, id } of definitions) {
    expect(idsByName.get(name)).toBe(id);
    expect({ name, family: id >> 8 }).toEqual({ name, family: FAMILIES[name] });
    expect({ name, inFamily: id & 0xff }).not.toEqual({ name, inFamily: 0 });
    expect(reservedIds).not.toContain(id);
  }
  expect(new Set(idsByName.values()).size).toBe(idsByName.size);
  expect(Object.keys(FAMILIES).sort()).toEqual([...idsByName.keys()].sort());
  expect(new Set(reservedIds).size).toBe(reservedIds.length);
});

test('the key in the catalogue, the name, the literal in the schema and the file name are one', () => {
  for (const name of upstreamNames) {
    expect(upstream[name].name).toBe(name);
    expect(upstream[name].up.properties.type.const).toBe(name);
  }
  for (const name of downstreamNames) {
    expect(downstream[name].name).toBe(name);
    expect(downstream[name].down.properties.type.const).toBe(name);
  }
  const files = readdirSync(new URL('messages', import.meta.url)).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  expect(files.sort()).toEqual([...idsByName.keys()].map((name) => `${name}.ts`).sort());
});

test('the numbers written beside the names in the catalogue are the ids', () => {
  const source = readFileSync(new URL('catalog.ts', import.meta.url), 'utf8');
  const written = [...source.matchAll(/^ {2}(\w+)(?:: \w+)?, \/\/ (0x[0-9a-f]{4})$/gm)];
  expect(written).toHaveLength(upstreamNames.length + downstreamNames.length);
  for (const [, name, id] of written) expect(Number(id)).toBe(idsByName.get(name as string));
});
