import { encodeFrame, upstreamNames } from '@securechat/protocol';
import { enrol, personNamed } from '@securechat/testkit';
import { vectorFrames } from '../../../packages/protocol/vectors/read.ts';
import { Attacker, pingOf } from '../../../tests/security/support/attacker.ts';
import type { Constellation } from '../../../tests/support/constellation.ts';
import type { Target } from '../target.ts';

const ANSWER_MS = 10_000;
const PONG_MS = 500;
/** Pino's levels error and fatal. */
const LOGGED_FAULT = /"level":[56]0/;
const LOOKED_AT = 200;

/** A gateway fed by a logged-in user: it must answer, and no service may log a fault of its own. */
export async function sessionTarget(constellation: Constellation): Promise<Target> {
  const person = personNamed(`fuzz_${Date.now()}`);
  await enrol(constellation.authUrl, person);
  const [gateway] = constellation.gateways;
  if (!gateway) throw new Error('there is no gateway');
  const { serviceKey } = constellation;
  const parts = { person, device: person.device(0), serviceKey };
  const attackers = (['tcp', 'websocket'] as const).map(
    (transport) => new Attacker({ ...parts, target: gateway.target(transport) }),
  );
  const seeds = upstreamNames
    .filter((name) => !name.startsWith('client_'))
    .flatMap((name) => vectorFrames(name, 'up', 'valid').map(({ id, payload }) => encodeFrame(id, payload)));
  let fed = 0;
  return {
    name: 'session',
    seeds,
    async run(input) {
      const attacker = attackers[fed++ % attackers.length] as Attacker;
      const client = await attacker.session();
      client.sendFrame(input);
      const ping = pingOf();
      client.send('ping', ping);
      const isOurs = ({ sequence }: { sequence: number }): boolean => sequence === ping.sequence;
      // it may have taken the ping for part of this frame, or have closed: the next input gets a new connection
      await client.next('pong', isOurs, PONG_MS).catch(() => client.destroy());
      expectNoFault(constellation);
    },
  };
}

const ROUTES = [
  ['POST', '/v1/accounts'],
  ['POST', '/v1/accounts/alice/devices'],
  ['POST', '/v1/accounts/alice/recovery'],
  ['POST', '/v1/accounts/alice/devices/phone/revocation'],
  ['POST', '/admin/v1/users'],
] as const;

/** The HTTP servers of auth and files, fed by anybody: the answer may be a refusal, but never an internal error. */
export function httpTarget(constellation: Constellation): Target {
  const { authUrl, files } = constellation;
  const ask = async (method: string, url: string, body: Uint8Array): Promise<void> => {
    const response = await fetch(url, {
      ...{ method, body: Buffer.from(body), signal: AbortSignal.timeout(ANSWER_MS) },
      headers: { 'content-type': 'application/json', authorization: 'Bearer x' },
    });
    await response.arrayBuffer();
    if (response.status >= 500) throw new Error(`${method} ${url}: ${response.status}`);
  };
  const list = { version: 1, user_id: 'alice', account_key: 'AA==', devices: [], signature: 'AA==' };
  return {
    name: 'http',
    seeds: [JSON.stringify({ list, proof: { timestamp: 1, signature: 'AA==' } }), '{}', '[]'].map((text) =>
      Buffer.from(text),
    ),
    async run(input) {
      for (const [method, path] of ROUTES) await ask(method, authUrl + path, input);
      if (files[0]) await ask('PUT', `${files[0].url}/v1/files/f_0123456789abcdefghijkl/chunks/0`, input);
      expectNoFault(constellation);
    },
  };
}

function expectNoFault({ gateways, auths, deliveries, presences, files }: Constellation): void {
  for (const { name, log, crashes } of [...gateways, ...auths, ...deliveries, ...presences, ...files]) {
    if (crashes.length > 0) throw new Error(crashes.join('\n'));
    const fault = log.slice(-LOOKED_AT).find((line) => LOGGED_FAULT.test(line));
    if (fault !== undefined) throw new Error(`${name} has a fault: ${fault}`);
  }
}
