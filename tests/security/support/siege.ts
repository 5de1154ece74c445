import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { type SigningKey, signingKeyFromSeed } from '@securechat/crypto/sign';
import { checkHistory, History, makeGroupCreate, type Person, until } from '@securechat/testkit';
import type { ConstellationPlan } from '../../support/constellation.ts';
import { type Stack, useConstellation } from '../../support/stack.ts';
import { Attacker } from './attacker.ts';
import { type BadInput, expectAnswer, expectFate } from './bad-input.ts';
import { Database } from './database.ts';
import { type Attempt, flood } from './flood.ts';
import { emptyAndCollected } from './held-memory.ts';
import { expectNamelessMetrics, expectSilentLogs, seriesOf } from './telltales.ts';

type AttackerPlan = { transport?: 'websocket' | 'tcp'; where?: number; device?: number };

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
const FLOOD_DEADLINE_MS = 60_000;
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
  const tried: Attempt[] = [];
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
          await flood(tried, WARM_UP_CONNECTIONS);
          const bases = [];
          for (const gateway of gateways) bases.push(await emptyAndCollected(gateway, attackers));
          const sent = await flood(tried, FLOOD_CONNECTIONS);
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
        expectSilentLogs(stack, secrets);
      });

      stack.test('no metric names anybody or anything', () =>
        expectNamelessMetrics(stack, secrets, seriesAtStart),
      );
    },
  };
  // the constellation and the database are there only while the tests run
  return Object.defineProperty(Object.assign(Object.create(stack), siege), 'database', { get: openDatabase });
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
