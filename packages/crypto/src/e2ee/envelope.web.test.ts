import { beforeAll, expect, test } from '@jest/globals';
import { decodeBase64, encodeBase64, transcript } from '@securechat/protocol';
import {
  createMlsEngine,
  type E2eeEngine,
  type Envelope,
  envelopeBinding,
  openEnvelope,
  sealEnvelope,
  sign,
  type UnsealedEnvelope,
  verify,
} from './index.ts';
import { commitBy, groupOf, type Member, textOf, utf8 } from './testing/member.ts';
import { People } from './testing/people.ts';

const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

const binding = { name: 'E2eeError', fault: 'binding' };

const unsealed = (from: Member, changes: Partial<UnsealedEnvelope> = {}): UnsealedEnvelope => ({
  type: 'chat',
  id: 'm_1',
  from: from.own.userId,
  to: 'c_0123456789abcdef',
  device_id: from.own.deviceId,
  conversation_id: 'c_0123456789abcdef',
  epoch: from.epoch,
  client_seq: 1,
  timestamp: 1_800_000_000,
  encrypted: true,
  nonce: encodeBase64(new Uint8Array(16)),
  ...changes,
});

async function send(from: Member, text: string, changes: Partial<UnsealedEnvelope> = {}): Promise<Envelope> {
  const { envelope, next } = await sealEnvelope(
    engine,
    from.state,
    from.own,
    unsealed(from, changes),
    utf8(text),
  );
  from.state = next;
  return envelope;
}

const signedBy = async (member: Member, envelope: Envelope): Promise<Envelope> => ({
  ...envelope,
  signature: encodeBase64(await sign(member.own.secretKey, transcript('envelope', envelope))),
});

test('an envelope is signed as a whole, and opens to what was said and who said it', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const envelope = await send(alice, 'hello', { metadata: { expires_at: 1_900_000_000 } });
  const signature = decodeBase64(envelope.signature);
  expect(await verify(alice.own.publicKey, transcript('envelope', envelope), signature)).toBe(true);
  const opened = await openEnvelope(engine, bob!.state, envelope);
  expect(textOf(opened.plaintext)).toBe('hello');
  expect(opened.sender).toMatchObject({ userId: 'alice', deviceId: 'phone' });
});

test('the stamp that the server adds changes nothing', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const delivered = { ...(await send(alice, 'hello')), delivery: { seq: 1, conv_seq: 2, server_ts_ms: 3 } };
  await expect(openEnvelope(engine, bob!.state, delivered)).resolves.toBeDefined();
});

test('a ciphertext in an envelope that somebody else signed is nothing that this one said', async () => {
  const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
  const envelope = await send(alice, 'hello');
  const stolen = await signedBy(bob!, { ...envelope, from: 'bob' });
  await expect(openEnvelope(engine, carol!.state, stolen)).rejects.toMatchObject(binding);
  // not even where the thief sealed for an identical envelope
  const { ciphertext } = await engine.seal(
    bob!.state,
    bob!.own,
    utf8('hello'),
    await envelopeBinding(unsealed(alice)),
  );
  const posing = await signedBy(alice, { ...envelope, payload: encodeBase64(ciphertext) });
  await expect(openEnvelope(engine, carol!.state, posing)).rejects.toMatchObject(binding);
});

test('an envelope without the signature of its sender is refused', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const envelope = await send(alice, 'hello');
  for (const signature of [encodeBase64(new Uint8Array(64)), (await signedBy(bob!, envelope)).signature]) {
    await expect(openEnvelope(engine, bob!.state, { ...envelope, signature })).rejects.toMatchObject(binding);
  }
});

test('every field of an envelope is bound to its ciphertext, whoever signs the change', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const envelope = await send(alice, 'hello');
  const changes: Partial<Envelope>[] = [
    { id: 'm_2' },
    { to: 'bob' },
    { conversation_id: 'c_fedcba9876543210' },
    { generation: 1 },
    { client_seq: 2 },
    { timestamp: 1_800_000_001 },
    { nonce: encodeBase64(new Uint8Array(16).fill(1)) },
    { metadata: { expires_at: 1 } },
    { metadata: {} },
    { encrypted: false },
  ];
  for (const change of changes) {
    const changed = await signedBy(alice, { ...envelope, ...change });
    await expect(openEnvelope(engine, bob!.state, changed)).rejects.toMatchObject(binding);
  }
  const named = new Set([
    ...changes.flatMap(Object.keys),
    'type',
    'from',
    'device_id',
    'epoch',
    'payload',
    'signature',
  ]);
  expect(named).toEqual(new Set([...Object.keys(envelope), 'generation', 'metadata']));
});

test('an envelope of another device of the sender, or of a stranger, is refused', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const envelope = await send(alice, 'hello');
  for (const change of [{ device_id: 'laptop' }, { from: 'mallory' }]) {
    const changed = await signedBy(alice, { ...envelope, ...change });
    await expect(openEnvelope(engine, bob!.state, changed)).rejects.toMatchObject(binding);
  }
});

test('an envelope that names another epoch than its keys are of is neither sealed nor opened', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  await expect(send(alice, 'hello', { epoch: 1 })).rejects.toMatchObject({ fault: 'epoch' });
  const envelope = await send(alice, 'hello');
  await commitBy(alice, [bob!]);
  await expect(openEnvelope(engine, bob!.state, envelope)).rejects.toMatchObject({ fault: 'epoch' });
  const posing = await signedBy(alice, { ...envelope, epoch: 1 });
  await expect(openEnvelope(engine, bob!.state, posing)).rejects.toMatchObject({ fault: 'epoch' });
});

test('an envelope is sealed by nobody but its sender', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  await expect(send(alice, 'hello', { from: 'mallory' })).rejects.toMatchObject(binding);
  const posing = sealEnvelope(engine, alice.state, bob!.own, unsealed(alice), utf8('hello'));
  await expect(posing).rejects.toThrow('another device');
});
