import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { type SigningKey, signingKeyFromSeed } from '@securechat/crypto/sign';
import { type CloseReason, closeCodes, type Downstream, type ErrorName, errors } from '@securechat/protocol';
import {
  checkHistory,
  History,
  makeGroupCreate,
  type Person,
  type RawClient,
  until,
} from '@securechat/testkit';
import type { ConstellationPlan, Gateway } from '../../support/constellation.ts';
import { type Stack, useConstellation } from '../../support/stack.ts';
import { Attacker, expectPong, type Stage } from './attacker.ts';
import { Database } from './database.ts';

/** Something hostile, and what has to come of it. Whatever that is, nothing is written to Postgres. */
export type BadInput = {
  name: string;
  /** The bytes; made anew each time they are sent. */
  send: (by: Attacker) => Uint8Array | Promise<Uint8Array>;
  /** Where in a connection's life; default: logged in. */
  at?: Stage;
  /** The error that answers it; undefined: nothing does. */
  error?: ErrorName | undefined;
  /** A second one that follows. */
  thenError?: ErrorName;
  /** More that the error frame says. */
  says?: Partial<Downstream<'error'>>;
  /** How the connection ends; undefined: it goes on, and a ping is answered. */
  end?: CloseReason | number | undefined;
};

export type AttackerPlan = { transport?: 'websocket' | 'tcp'; where?: number; device?: number };

export type Siege = Stack & {
  readonly database: Database;
  /** What clients pin, and the key it belongs to. */
  readonly serviceKey: Uint8Array;
  readonly serviceSigningKey: SigningKey;
  /** A person with two devices of whom nothing may be found in a log. */
  victim(name: string): Promise<Person>;
  attackerFor(person: Person, plan?: AttackerPlan): Attacker;
  attacker(name: string, plan?: AttackerPlan): Promise<Attacker>;
  /** A conversation that the attacker begins with `peer`. */
  converse(attacker: Attacker, peer: Person): Promise<string>;
  /** What must not be found in a log or on a page of metrics. */
  keepSecret(...texts: string[]): void;
  /** Runs one bad input and checks its answer, the fate of the connection and the tables. */
  check(attacker: Attacker, input: BadInput): Promise<void>;
  /** One test for each input. The attacker is asked for when the tests run. */
  refuses(attacker: () => Attacker, inputs: readonly BadInput[]): void;
  /** One test for many inputs, shared among several attackers. */
  refusesAll(name: string, attackers: () => readonly Attacker[], inputs: readonly BadInput[]): void;
  /** The last tests of a file: nothing was written, held or told, and the honest still chat. */
  endsWell(): void;
};

const COLLECT = pathToFileURL(join(import.meta.dirname, 'collect-on-signal.ts')).href;

/** Connections, each of up to ten bad inputs, before the base of the memory is taken, and after. */
const WARM_UP_CONNECTIONS = 60;
const FLOOD_CONNECTIONS = 250;
/** 6 KiB a connection, 600 bytes an input: to keep connections, or more than a trace of what they sent, takes more. */
const MAX_GROWTH_BYTES = 1_536 * 1024;
/** A connection is ended for the faults beyond ten. */
const FAULTS_PER_CONNECTION = 10;
const FLOOD_DEADLINE_MS = 60_000;
/** Memory is at its least when this many collections in a row have brought no more than that. */
const LOOKS_IN_VAIN = 4;
const STEADY_BYTES = 128 * 1024;

/** No number in it is magic: no frame begins with it. */
const NO_HEADER = Buffer.alloc(12, 0x21);

export function useSiege(plan: ConstellationPlan = {}): Siege {
  const seed = randomBytes(32);
  const serviceSigningKey = signingKeyFromSeed(seed);
  const serviceKey = serviceSigningKey.publicKey;
  const verbose = { LOG_LEVEL: 'trace' };
  const attackers: Attacker[] = [];
  let database: Database | undefined;
  // before the constellation takes the database away: these run in the order in which they are given
  afterAll(async () => {
    for (const attacker of attackers) attacker.close();
    await database?.close();
  });
  const stack = useConstellation({
    gateways: 2,
    deliveries: 1,
    // one stream for all, so that what is sent later is dealt with later
    partitions: 1,
    ...plan,
    env: {
      auth: { ...verbose, AUTH_SERVICE_KEY: seed.toString('base64'), ...plan.env?.auth },
      delivery: { ...verbose, ...plan.env?.delivery },
      gateway: { ...verbose, NODE_OPTIONS: `--import=${COLLECT}`, ...plan.env?.gateway },
    },
  });
  const tried: { attacker: Attacker; input: BadInput }[] = [];
  const secrets = new Set<string>([seed.toString('base64')]);
  let seriesAtStart: string[] = [];

  const openDatabase = (): Database => {
    if (!database) throw new Error('the database is not open');
    return database;
  };

  beforeAll(async () => {
    database = await Database.open(stack.constellation.stores);
    seriesAtStart = await seriesOf(stack);
  });

  async function victim(name: string): Promise<Person> {
    const person = await stack.person(`canary_${name}`);
    for (const { key, publicKey } of [...person.devices, { key: person.accountKey, publicKey: '' }]) {
      for (const text of [publicKey, key.publicKey.toString('base64'), key.publicKey.toString('hex')]) {
        if (text !== '') secrets.add(text);
      }
    }
    return person;
  }

  function attackerFor(person: Person, { transport, where = 0, device = 0 }: AttackerPlan = {}): Attacker {
    const target = stack.constellation.gateways[where]?.target(transport);
    if (!target) throw new RangeError(`there is no gateway ${where}`);
    const attacker = new Attacker({ person, device: person.device(device), target, serviceKey });
    attackers.push(attacker);
    return attacker;
  }

  async function check(attacker: Attacker, input: BadInput): Promise<void> {
    const before = await openDatabase().fingerprint();
    const client = await attacker.at(input.at ?? 'session');
    client.sendFrame(await input.send(attacker));
    await expectAnswer(client, input);
    await expectFate(client, input);
    expect(await openDatabase().fingerprint()).toEqual(before);
    tried.push({ attacker, input });
  }

  /** All that was tried, again and again, on as few connections as the gateway allows. Resolves with the number of inputs. */
  async function flood(connections: number): Promise<number> {
    // a device has one connection, so what is sent in its name is sent by one after the other
    const byDevice = Map.groupBy(tried, ({ attacker }) => attacker.device);
    const floods = [...byDevice.values()].map(async (ofDevice) => {
      const byAttacker = Map.groupBy(ofDevice, ({ attacker }) => attacker);
      let sent = 0;
      for (const [attacker, list] of byAttacker) {
        const inputs = list.map(({ input }) => input);
        sent += await floodBy(attacker, inputs, Math.ceil(connections / byDevice.size / byAttacker.size));
      }
      return sent;
    });
    return (await Promise.all(floods)).reduce((sum, sent) => sum + sent, 0);
  }

  const siege: Omit<Siege, keyof Stack | 'database'> = {
    serviceKey,
    serviceSigningKey,
    victim,
    attackerFor,
    attacker: async (name, attackerPlan) => attackerFor(await victim(name), attackerPlan),
    async converse(attacker, peer) {
      const conversationId = `c_canary_${randomBytes(12).toString('hex')}`;
      const client = await attacker.newSession();
      const { person: creator, device } = attacker;
      client.send('group_create', makeGroupCreate({ creator, device, peer, conversationId }));
      await client.next('ack');
      client.destroy();
      return conversationId;
    },
    keepSecret(...texts) {
      for (const text of texts) secrets.add(text);
    },
    check,
    refuses(attacker, inputs) {
      for (const input of inputs) stack.test(input.name, () => check(attacker(), input));
    },
    refusesAll(name, among, inputs) {
      stack.test(name, async () => {
        const left = [...inputs];
        const wrong: string[] = [];
        const work = among().map(async (attacker) => {
          for (let input = left.shift(); input !== undefined; input = left.shift()) {
            const { name: what } = input;
            await check(attacker, input).catch((error: Error) => wrong.push(`${what}: ${error.message}`));
          }
        });
        await Promise.all(work);
        expect(wrong).toEqual([]);
      });
    },
    endsWell() {
      stack.test(
        'all of it again and again leaves nothing in the tables and nothing in memory',
        async () => {
          const { gateways } = stack.constellation;
          await openDatabase().settled();
          const before = await openDatabase().fingerprint();
          await flood(WARM_UP_CONNECTIONS);
          const bases = [];
          for (const gateway of gateways) bases.push(await emptyAndCollected(gateway, attackers));
          const sent = await flood(FLOOD_CONNECTIONS);
          const growths = [];
          for (const [index, gateway] of gateways.entries()) {
            const held = await emptyAndCollected(gateway, attackers, (bases[index] ?? 0) + MAX_GROWTH_BYTES);
            growths.push(held - (bases[index] ?? 0));
          }
          process.stdout.write(
            `[security] ${tried.length} bad inputs; after ${sent} more, ${growths.join(' and ')} bytes more are held\n`,
          );
          for (const growth of growths) expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
          await openDatabase().settled();
          expect(await openDatabase().fingerprint()).toEqual(before);
        },
        FLOOD_DEADLINE_MS,
      );

      stack.test('two honest people still chat through the same gateways', () =>
        chatHonestly(stack, serviceKey, victim),
      );

      stack.test('no log says what was sent, or by whom', async () => {
        for (const attacker of attackers) for (const ticket of attacker.tickets) secrets.add(ticket);
        const { gateways, deliveries, auths } = stack.constellation;
        for (const { name, log } of [...gateways, ...deliveries, ...auths]) {
          expect(log.join('\n')).toContain('process started');
          // older lines would have been thrown away
          expect([name, log.length < 2_000]).toEqual([name, true]);
          const tellTale = log.filter(
            (line) => CANARY.test(line) || [...secrets].some((text) => line.includes(text)),
          );
          expect([name, tellTale]).toEqual([name, []]);
          expect([name, log.filter((line) => OUR_FAULT.test(line))]).toEqual([name, []]);
        }
      });

      stack.test('no metric names anybody or anything', async () => {
        const pages = await pagesOf(stack);
        for (const page of pages) {
          expect(page).not.toMatch(CANARY);
          expect([...secrets].filter((text) => page.includes(text))).toEqual([]);
        }
        // however much was sent, there are no more series than the names of types, errors and reasons allow
        const grown = (await seriesOf(stack)).filter((series) => !seriesAtStart.includes(series));
        expect(grown.filter((series) => !CLOSED_LABELS.test(series))).toEqual([]);
      });
    },
  };
  // the constellation and the database are there only while the tests run
  return Object.defineProperty(Object.assign(Object.create(stack), siege), 'database', { get: openDatabase });
}

/** Every text of ours has the word in it; so has its base64, at whatever offset it begins. */
const CANARY = /canary|Y2FuYXJ5|jYW5hcn|NhbmFye/i;
/** Levels and texts that say that a service, not a client, has made a fault. */
const OUR_FAULT = /"level":"(?:error|fatal)"/;
/** A series may appear when its label first has a value; which values there are is fixed. */
const CLOSED_LABELS =
  /^\w+(?:\{(?:(?:direction|type|error|reason|state|transport|by|step|limit|le|quantile|kind|lane|space|outcome|stream|result|status|route|method)="[\w.+-]*",?)*\})?$/;

async function expectAnswer(client: RawClient, { error, thenError, says = {} }: BadInput): Promise<void> {
  if (error === undefined) return;
  const { code } = errors[error];
  expect(await client.next('error')).toMatchObject({ code, error_code: error, ...says });
  if (thenError) expect(await client.next('error')).toMatchObject({ error_code: thenError });
}

async function expectFate(client: RawClient, { end }: BadInput): Promise<void> {
  if (end === undefined) await expectPong(client);
  else expect((await client.end()).code).toBe(typeof end === 'number' ? end : closeCodes[end]);
  const ANSWERS = ['error', 'ack', 'chat', 'group_create', 'sync_page', 'device_list', 'session_ready'];
  expect(client.queue.map(({ name }) => name).filter((name) => name && ANSWERS.includes(name))).toEqual([]);
}

/** A session takes nine inputs that it outlives, and is ended by one that it does not, or by a fault beyond the ten. */
async function floodBy(
  attacker: Attacker,
  inputs: readonly BadInput[],
  connections: number,
): Promise<number> {
  const inSession = inputs.filter(({ at = 'session' }) => at === 'session');
  const beforeIt = inputs.filter((input) => !inSession.includes(input));
  const outlived = inSession.filter(({ end }) => end === undefined);
  const ending = inSession.filter(({ end }) => end !== undefined);
  let sent = 0;
  for (let n = 0; n < connections; n++) {
    const early = inSession.length === 0 || n % 4 === 3 ? beforeIt[n % beforeIt.length] : undefined;
    const client = early ? await attacker.at(early.at ?? 'session') : await attacker.newSession();
    const last = early ?? ending[n % ending.length];
    const batch = early ? 0 : Math.min(outlived.length, FAULTS_PER_CONNECTION - 1);
    for (let input = 0; input < batch; input++) {
      const next = outlived[sent++ % outlived.length];
      if (next) client.sendFrame(await next.send(attacker));
    }
    client.sendFrame(last ? await last.send(attacker) : NO_HEADER);
    sent++;
    await client.end();
  }
  return sent;
}

/** Bytes that the gateway holds once all connections are gone and garbage is collected; tries until it is `atMost`. */
export async function emptyAndCollected(
  gateway: Gateway,
  attackers: readonly Attacker[],
  atMost = Number.POSITIVE_INFINITY,
): Promise<number> {
  for (const attacker of attackers) attacker.close();
  let least = Number.POSITIVE_INFINITY;
  let looksInVain = 0;
  const enough = async (): Promise<boolean> => {
    process.kill(gateway.pid, 'SIGUSR2');
    const { sum } = await gateway.metrics();
    if (sum('securechat_gateway_connections_count') > 0) return false;
    const held = sum('nodejs_heap_size_used_bytes') + sum('nodejs_external_memory_bytes');
    // buffers go some time after their owners
    looksInVain = held < least - STEADY_BYTES ? 0 : looksInVain + 1;
    least = Math.min(least, held);
    return looksInVain >= LOOKS_IN_VAIN && least <= atMost;
  };
  await until(`${gateway.name} holds no connection, and at most ${atMost} bytes`, enough).catch(
    (error: unknown) => {
      if (least === Number.POSITIVE_INFINITY) throw error;
    },
  );
  return least;
}

async function chatHonestly(stack: Stack, serviceKey: Uint8Array, victim: Siege['victim']): Promise<void> {
  const [alice, bob] = [await victim('alice'), await victim('bob')];
  const history = new History();
  const alices = await stack.open(alice, { where: 0, serviceKey, history });
  const bobs = await stack.open(bob, { where: 1, serviceKey, history });
  const conversation = await alices.groups.createDirect(bob);
  await until('Bob knows the conversation', () => bobs.conversations.has(conversation.id));
  const fromBob = { id: conversation.id, peer: alice.id };
  for (let n = 0; n < 10; n++) {
    const { ref } = await alices.sendChat(conversation, `canary: hello ${n}`);
    await bobs.receive(({ id }) => id === ref);
    const back = await bobs.sendChat(fromBob, `canary: and to you ${n}`);
    await alices.receive(({ id }) => id === back.ref);
  }
  const absent = [alice.device(1).address, bob.device(1).address];
  expect(checkHistory(history.events, { absent })).toEqual([]);
}

async function pagesOf({ constellation }: Stack): Promise<string[]> {
  const { gateways, deliveries, auths } = constellation;
  const all = [...gateways, ...deliveries, ...auths];
  return Promise.all(all.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()));
}

async function seriesOf(stack: Stack): Promise<string[]> {
  const lines = (await pagesOf(stack)).flatMap((page) => page.split('\n'));
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
}
