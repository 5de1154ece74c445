import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { checkTurn, FORBIDDEN_PEERS } from './checks.ts';

/** A relay's answer to a request: an error number, or 0 for success. */
type Rule = (question: { isSigned: boolean; isPermission: boolean; bytes: Buffer }) => number;

const SECRET = 'what auth and the relay share';
let relay: Socket;
let rule: Rule;

beforeEach(async () => {
  relay = createSocket('udp4');
  relay.on('message', (bytes, { port, address }) => {
    const question = { isSigned: bytes.includes('realm.example'), isPermission: bytes[1] === 8, bytes };
    relay.send(answer(bytes, rule(question)), port, address);
  });
  relay.bind(0, '127.0.0.1');
  await once(relay, 'listening');
});
afterEach(() => void relay.close());

/** By RFC 5389: the request's method and id, the class, and the challenge of a refusal. */
function answer(question: Buffer, code: number): Buffer {
  const attribute = (type: number, value: Buffer): Buffer => {
    const head = Buffer.from([0, type, 0, value.length]);
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
  };
  const error = Buffer.from([0, 0, Math.floor(code / 100), code % 100]);
  const body =
    code === 0
      ? Buffer.alloc(0)
      : Buffer.concat([
          attribute(0x09, error),
          attribute(0x14, Buffer.from('realm.example')),
          attribute(0x15, Buffer.from('nonce')),
        ]);
  const head = Buffer.from([1, code === 0 ? (question[1] ?? 0) : 0x10 | (question[1] ?? 0), 0, body.length]);
  return Buffer.concat([head, question.subarray(4, 20), body]);
}

async function wrong(): Promise<string[]> {
  const findings = await checkTurn({ host: '127.0.0.1', port: relay.address().port, secret: SECRET });
  return findings.filter(({ isGood }) => !isGood).map(({ what }) => what);
}

test('a relay that lets everybody in and reaches everything is found out, in all that is wrong with it', async () => {
  rule = ({ isSigned }) => (isSigned ? 0 : 401);
  expect(await wrong()).toEqual([
    'expired credentials are refused',
    'made-up credentials are refused',
    ...FORBIDDEN_PEERS.map((peer) => `it does not relay to ${peer}`),
  ]);
});

test('so is one that relays to nobody, and one whose secret is another', async () => {
  rule = ({ isSigned, isPermission }) => (isPermission ? 403 : isSigned ? 0 : 401);
  expect(await wrong()).toContain('it relays to the internet');
  rule = () => 401;
  expect(await wrong()).toEqual(['credentials of the secret get a relay']);
});

test('a relay that is not there is said to be not there', async () => {
  rule = () => 401;
  const { port } = relay.address();
  relay.close();
  await expect(checkTurn({ host: '127.0.0.1', port, secret: SECRET })).rejects.toThrow('is not reached');
  relay = createSocket('udp4');
});
