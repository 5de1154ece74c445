import { expect, test } from '@jest/globals';
import { transcript } from '@securechat/protocol';
import { certificateTranscript } from './challenge.ts';
import { createSigningKey, keyId, type SigningKey } from './sign.ts';
import { issueTicket, openTicket, type Ticket } from './ticket.ts';

const NOW_SECONDS = 1_800_000_000;
const serviceKey = createSigningKey();
const serviceKeys = keyring(serviceKey);

const facts = {
  user_id: 'alice',
  device_id: 'phone',
  public_key: createSigningKey().publicKey.toString('base64'),
  user_ref: 1,
  device_ref: 2,
  issued_at: NOW_SECONDS,
  expires_at: NOW_SECONDS + 3600,
};

test('a ticket opens to what was put in, until the second it expires', () => {
  const text = issueTicket(serviceKey, facts);
  expect(text.length).toBeLessThanOrEqual(1024);
  expect(text).toMatch(/^[A-Za-z0-9_.-]+$/);
  expect(openTicket(text, serviceKeys, NOW_SECONDS)).toMatchObject(facts);
  expect(openTicket(text, serviceKeys, facts.expires_at - 1)).toBeDefined();
  expect(openTicket(text, serviceKeys, facts.expires_at)).toBeUndefined();
  expect(openTicket(text, serviceKeys, facts.expires_at + 1)).toBeUndefined();
});

test('two tickets for the same device are told apart', () => {
  const ids = [1, 2].map(
    () => openTicket(issueTicket(serviceKey, facts), serviceKeys, NOW_SECONDS)?.ticket_id,
  );
  expect(new Set(ids).size).toBe(2);
});

test('the longest ids still fit into a hello', () => {
  const longest = {
    ...facts,
    user_id: 'u'.repeat(64),
    device_id: 'd'.repeat(64),
    user_ref: 2 ** 53 - 1,
    device_ref: 2 ** 53 - 1,
  };
  const text = issueTicket(serviceKey, longest);
  expect(text.length).toBeLessThanOrEqual(1024);
  expect(openTicket(text, serviceKeys, NOW_SECONDS)).toMatchObject(longest);
});

const otherValues: Record<keyof Ticket, string | number> = {
  user_id: 'mallory',
  device_id: 'laptop',
  public_key: createSigningKey().publicKey.toString('base64'),
  user_ref: 3,
  device_ref: 4,
  ticket_id: 'another',
  issued_at: NOW_SECONDS - 1,
  expires_at: NOW_SECONDS + 1_000_000,
  service_key_id: '0123456789abcdef',
};
for (const [field, value] of Object.entries(otherValues)) {
  test(`a ticket with another ${field} does not open`, () => {
    const { body, signature } = parts(issueTicket(serviceKey, facts));
    expect(
      openTicket(join({ ...body, [field]: value }, signature), serviceKeys, NOW_SECONDS),
    ).toBeUndefined();
  });
}

test('a ticket is forged by nobody: not by another key, not with the id of the right one, not by another label', () => {
  const forger = createSigningKey();
  const forged = issueTicket(forger, facts);
  expect(openTicket(forged, serviceKeys, NOW_SECONDS)).toBeUndefined();

  const body = { ...parts(forged).body, service_key_id: keyId(serviceKey.publicKey) };
  const byForger = forger.sign(transcript('resume-ticket', body as Ticket));
  expect(openTicket(join(body, byForger), serviceKeys, NOW_SECONDS)).toBeUndefined();

  const elsewhere = serviceKey.sign(certificateTranscript(body as never));
  expect(openTicket(join(body, elsewhere), serviceKeys, NOW_SECONDS)).toBeUndefined();
});

test('a ticket of an older service key opens as long as the key is still listed', () => {
  const older = createSigningKey();
  const text = issueTicket(older, facts);
  expect(openTicket(text, keyring(serviceKey, older), NOW_SECONDS)).toMatchObject(facts);
  expect(openTicket(text, keyring(serviceKey), NOW_SECONDS)).toBeUndefined();
});

test('text that is no ticket gives undefined and never an exception', () => {
  const { body, signature } = parts(issueTicket(serviceKey, facts));
  const good = join(body, signature);
  const head = good.split('.')[0];
  const nonsense = [
    '',
    '.',
    '..',
    'a.b',
    `${good}.`,
    `${good}.x`,
    `.${good}`,
    head ?? '',
    `${head}.`,
    `${head}.AAAA`,
  ];
  for (const value of [null, 1, 'text', [], {}, { ...body, user_ref: -1 }, { ...body, user_ref: 1.5 }]) {
    nonsense.push(join(value, signature));
  }
  nonsense.push(
    join({ ...body, user_id: 'a b' }, signature),
    join({ ...body, public_key: 'x'.repeat(65) }, signature),
  );
  nonsense.push(
    join({ ...body, public_key: '====' }, signature),
    join({ ...body, public_key: 'abc' }, signature),
  );
  for (const text of nonsense) {
    const open = () => openTicket(text, serviceKeys, NOW_SECONDS);
    expect(open).not.toThrow();
    expect(open()).toBeUndefined();
  }
});

function keyring(...keys: SigningKey[]): ReadonlyMap<string, Uint8Array> {
  return new Map(keys.map((key) => [keyId(key.publicKey), key.publicKey]));
}

function parts(text: string): { body: Record<string, unknown>; signature: Buffer } {
  const [body = '', signature = ''] = text.split('.');
  return {
    body: JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function join(body: unknown, signature: Buffer): string {
  return `${Buffer.from(JSON.stringify(body)).toString('base64url')}.${signature.toString('base64url')}`;
}
