import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { vectorFrames } from '../../vectors/read.ts';
import type { Downstream, Upstream } from '../catalog.ts';
import {
  contexts,
  type FieldKind,
  type FieldTable,
  labelOf,
  reservedContexts,
  type SigningContext,
} from './contexts.ts';
import { deviceCertTranscript, deviceListTranscript } from './device-list.ts';
import { groupOpTranscript } from './group-op.ts';
import { handshakeTranscript } from './handshake.ts';
import { type Signed, transcript } from './transcript.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const anyText = fc.string({ unit: 'binary', maxLength: 20 });
const anyCount = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER));
const anyScalar = fc.oneof(anyText, anyCount, fc.boolean());
const anyMap = fc.dictionary(anyText, anyScalar, { maxKeys: 5, noNullPrototype: true });
const anyBase64 = fc.uint8Array({ maxLength: 40 }).map(base64);

const anyEnvelope: fc.Arbitrary<Signed<'envelope'>> = fc.record(
  {
    id: anyText,
    type: anyText,
    from: anyText,
    to: anyText,
    timestamp: anyCount,
    encrypted: fc.boolean(),
    payload: anyBase64,
    metadata: anyMap,
    client_seq: anyCount,
    nonce: anyBase64,
    device_id: anyText,
    conversation_id: anyText,
    epoch: anyCount,
  },
  { requiredKeys: [] },
);

/** Reads a transcript back. That this is possible proves that no two messages share one. */
function readBack(context: SigningContext, bytes: Uint8Array): Record<string, unknown> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = (from: number, to: number): string =>
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(from, to));
  const table = new Map((contexts[context] as FieldTable).map(([tag, ...rest]) => [tag, rest]));
  const fields: Record<string, unknown> = {};
  let at = 1 + view.getUint8(0);
  expect(text(1, at)).toBe(labelOf(context));
  while (at < bytes.length) {
    const [name, kind] = table.get(view.getUint8(at)) as [string, FieldKind];
    const end = at + 5 + view.getUint32(at + 1);
    fields[name] = readValue(kind, at + 5, end);
    at = end;
  }
  return fields;

  function readValue(kind: FieldKind, from: number, to: number): unknown {
    switch (kind) {
      case 'string':
        return text(from, to);
      case 'integer':
        return Number(view.getBigUint64(from));
      case 'boolean':
        return view.getUint8(from) === 1;
      case 'base64':
        return base64(bytes.subarray(from, to));
      case 'list':
        return readList(from, to);
      case 'map':
        return readMap(from, to);
    }
  }
  function readScalar(from: number): { value: unknown; end: number } {
    const kind = (['string', 'integer', 'boolean'] as const)[view.getUint8(from) - 1] as FieldKind;
    const end = from + 5 + view.getUint32(from + 1);
    return { value: readValue(kind, from + 5, end), end };
  }
  function readList(from: number, to: number): unknown[] {
    const items: unknown[] = [];
    for (let next = from; next < to; ) {
      const { value, end } = readScalar(next);
      items.push(value);
      next = end;
    }
    return items;
  }
  function readMap(from: number, to: number): unknown {
    const entries: [string, unknown][] = [];
    for (let next = from; next < to; ) {
      const valueAt = next + 2 + view.getUint16(next);
      const { value, end } = readScalar(valueAt);
      entries.push([text(next + 2, valueAt), value]);
      next = end;
    }
    return Object.fromEntries(entries);
  }
}

test('an envelope can be read back from its transcript, so no two have the same bytes', () => {
  fc.assert(
    fc.property(anyEnvelope, (envelope) => {
      expect(readBack('envelope', transcript('envelope', envelope))).toEqual(envelope);
    }),
    { numRuns: 500 },
  );
});

test('two envelopes that differ have different transcripts', () => {
  fc.assert(
    fc.property(anyEnvelope, anyEnvelope, fc.nat(12), (one, other, which) => {
      // Differs in one member only, which is where bytes could shift across a boundary.
      const [, name] = contexts.envelope[which] as (typeof contexts.envelope)[number];
      const changed = { ...one, [name]: other[name] };
      const isSame = hex(transcript('envelope', one)) === hex(transcript('envelope', changed));
      expect(isSame).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(changed)));
    }),
    { numRuns: 500 },
  );
});

function sorted(envelope: Signed<'envelope'>): unknown {
  const entries = Object.entries(envelope).filter(([, value]) => value !== undefined);
  const byName = (a: [string, unknown], b: [string, unknown]): number => (a[0] < b[0] ? -1 : 1);
  return entries
    .map(([name, value]): [string, unknown] => [
      name,
      typeof value === 'object' ? Object.entries(value).sort(byName) : value,
    ])
    .sort(byName);
}

test('the order of members and of metadata changes nothing', () => {
  fc.assert(
    fc.property(anyEnvelope, (envelope) => {
      const reversed = Object.fromEntries(Object.entries(envelope).reverse());
      if (envelope.metadata)
        reversed.metadata = Object.fromEntries(Object.entries(envelope.metadata).reverse());
      expect(transcript('envelope', reversed)).toEqual(transcript('envelope', envelope));
    }),
  );
});

test('the same fields in another context give other bytes', () => {
  const fields = { version: '1.0', server_id: 'g', challenge: 'AAAA' };
  expect(hex(transcript('server-auth', fields))).not.toBe(hex(transcript('client-auth', fields)));
});

test('a transcript stays as it is while others are made', () => {
  const first = transcript('envelope', { id: 'first' });
  const before = hex(first);
  transcript('envelope', { id: 'second', payload: base64(new Uint8Array(5000)) });
  expect(() => transcript('envelope', { id: 'third', epoch: -1 })).toThrow(TypeError);
  expect(hex(first)).toBe(before);
  expect(hex(transcript('envelope', { id: 'first' }))).toBe(before);
});

describe('what cannot be signed', () => {
  test.each([
    ['a fraction', { epoch: 0.5 }, TypeError],
    ['a negative number', { epoch: -1 }, TypeError],
    ['minus zero', { epoch: -0 }, TypeError],
    ['2^53', { epoch: 2 ** 53 }, TypeError],
    ['not a number', { epoch: Number.NaN }, TypeError],
    ['half a surrogate pair', { from: '\ud83d' }, TypeError],
    ['half a surrogate pair in metadata', { metadata: { a: '\ude00' } }, TypeError],
    ['half a surrogate pair in a name', { metadata: { '\ud83d': 1 } }, TypeError],
    ['null in metadata', { metadata: { a: null } }, TypeError],
    ['an object in metadata', { metadata: { a: {} } }, TypeError],
    ['base64 that is not canonical', { payload: 'AB==' }, RangeError],
    ['a name whose length does not fit two bytes', { metadata: { ['k'.repeat(65_536)]: 1 } }, RangeError],
  ])('%s', (_, fields, kind) => {
    expect(() => transcript('envelope', fields as Signed<'envelope'>)).toThrow(kind);
  });
});

test('a name of 65,535 bytes still has its own length', () => {
  const metadata = { ['k'.repeat(65_535)]: 1 };
  expect(readBack('envelope', transcript('envelope', { metadata }))).toEqual({ metadata });
});

test('in every context tags ascend and neither tags nor fields repeat', () => {
  for (const table of Object.values(contexts) as FieldTable[]) {
    const tags = table.map(([tag]) => tag);
    expect(tags).toEqual([...new Set(tags)].sort((a, b) => a - b));
    expect(new Set(table.map(([, field]) => field)).size).toBe(table.length);
    expect(tags.every((tag) => tag >= 1 && tag <= 255)).toBe(true);
  }
});

test('no context is in use and reserved at once, and labels are short ASCII', () => {
  const names = Object.keys(contexts) as SigningContext[];
  expect(names.filter((name) => reservedContexts.includes(name))).toEqual([]);
  for (const name of names) expect(labelOf(name)).toMatch(/^SecureChat\/1 [a-z0-9-]{1,40}$/);
});

describe('the builders', () => {
  const first = <M>(type: string, direction: 'up' | 'down', index = 0): M =>
    vectorFrames(type, direction, 'valid')[index]?.message as M;

  test('the handshake signs every field of both hellos but the proof itself', () => {
    const client = first<Upstream<'client_hello'>>('client_hello', 'up', 1);
    const server = first<Downstream<'server_hello'>>('server_hello', 'down');
    const signed = readBack('client-auth', handshakeTranscript('client-auth', client, server));
    expect(signed).toEqual({
      version: server.version,
      server_id: server.server_id,
      server_key: server.server_key,
      user_id: client.user_id,
      device_id: client.device_id,
      public_key: client.public_key,
      challenge: client.challenge,
      server_challenge: server.server_challenge,
      session_id: server.session_id,
      timestamp: server.timestamp,
      client_capabilities: client.capabilities,
      server_capabilities: server.capabilities,
      server_cert: server.server_cert.signature,
      encoding: 'json',
      resume: client.resume,
      limits: server.limits,
      client_version: client.version,
      client_encoding: client.encoding,
    });
  });

  test('a group operation is signed with all its members; the welcome by its hash', () => {
    const operation = first<Upstream<'group_create'>>('group_create', 'up');
    const welcomeSha256 = createHash('sha256').update(operation.welcome, 'base64').digest('base64');
    const { type, members, welcome: _, signature: __, ...rest } = operation;
    expect(readBack('group-op', groupOpTranscript(operation, { welcomeSha256 }))).toEqual({
      ...rest,
      operation: type,
      targets: members,
      welcome_sha256: welcomeSha256,
    });
  });

  test('a device list is signed with each device and its key, a device with the account it belongs to', () => {
    const {
      type: _,
      ref: __,
      signature: ___,
      devices,
      ...list
    } = first<Downstream<'device_list'>>('device_list', 'down', 1);
    const [device] = devices as [(typeof devices)[0]];
    expect(readBack('device-list', deviceListTranscript({ ...list, devices }))).toEqual({
      ...list,
      devices: devices.map((each) => `${each.device_id}:${each.public_key}`),
    });
    const { signature: ____, ...certified } = device;
    expect(readBack('device-cert', deviceCertTranscript(list, device))).toEqual({
      user_id: list.user_id,
      account_key: list.account_key,
      ...certified,
    });
  });
});
