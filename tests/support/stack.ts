import { afterAll, afterEach, beforeAll, test as jestTest } from '@jest/globals';
import {
  ChatClient,
  type ChatClientOptions,
  enrol,
  type Login,
  type LoginOptions,
  type Person,
  personNamed,
  RawClient,
  type RawTarget,
} from '@securechat/testkit';
import { type Constellation, type ConstellationPlan, startConstellation } from './constellation.ts';

/** Where a client connects to, and as which device of its person; default the first of each. */
type Place = { where?: number | RawTarget; device?: number };

export type Stack = {
  /** Running between the first and the last test of the file. */
  readonly constellation: Constellation;
  /** A new person whom auth knows. The name is made unique within the file. */
  person(name: string, options?: { devices?: number }): Promise<Person>;
  /** A connection that is not logged in. Where: a gateway's number (its WebSocket) or any target. */
  connect(where?: number | RawTarget): Promise<RawClient>;
  /** A raw client behind its login. */
  login(
    person: Person,
    options?: Place & Omit<Partial<LoginOptions>, 'person' | 'device'>,
  ): Promise<{ client: RawClient } & Login>;
  /** An honest client, online and up to date. It knows all gateways and begins with the first one given. */
  open(
    person: Person,
    options?: Place & Omit<Partial<ChatClientOptions>, 'person' | 'device'>,
  ): Promise<ChatClient>;
  /** Like jest's; a failure also shows the ends of the services' logs. */
  test(name: string, run: () => Promise<void>, timeoutMs?: number): void;
};

/** Of seven processes on a machine that is busy with other things. */
const START_DEADLINE_MS = 240_000;
/** Waits of the reconnect ladder in tests: 1 s becomes 50 ms. */
const WAIT_SCALE = 0.05;

/** One constellation for all tests of a file. Whatever a test has opened is closed after it. */
export function useConstellation(plan: ConstellationPlan = {}): Stack {
  const ending = new AbortController();
  let starting: Promise<Constellation> | undefined;
  let started: Constellation | undefined;
  let people = 0;
  const clients: (RawClient | ChatClient)[] = [];

  const running = (): Constellation => {
    if (!started) throw new Error('the constellation is not running');
    return started;
  };
  const targetOf = (where: number | RawTarget): RawTarget => {
    if (typeof where !== 'number') return where;
    const gateway = running().gateways[where];
    if (!gateway) throw new RangeError(`there is no gateway ${where}`);
    return gateway.target();
  };

  beforeAll(async () => {
    starting = startConstellation({ ...plan, stopping: ending.signal });
    started = await starting;
  }, START_DEADLINE_MS);
  afterEach(async () => {
    for (const client of clients.splice(0)) {
      if (client instanceof RawClient) client.destroy();
      else await client.close();
    }
  });
  // a start that has taken too long goes on behind the hook that began it
  afterAll(async () => {
    ending.abort(new Error('the tests are over'));
    await starting?.then(
      ({ stop }) => stop(),
      () => undefined,
    );
  }, START_DEADLINE_MS);

  async function connect(where: number | RawTarget = 0): Promise<RawClient> {
    const client = await RawClient.connect(targetOf(where));
    clients.push(client);
    return client;
  }

  return {
    get constellation() {
      return running();
    },
    async person(name, options) {
      const person = personNamed(`${name}_${++people}`, options);
      await enrol(running().authUrl, person);
      return person;
    },
    connect,
    async login(person, { where = 0, device = 0, ...options } = {}) {
      const client = await connect(where);
      const { serviceKey } = running();
      const login = await client.login({ person, device: person.device(device), serviceKey, ...options });
      return { client, ...login };
    },
    async open(person, { where = 0, device = 0, ...options } = {}) {
      const { serviceKey, gateways } = running();
      const others = gateways.filter((_, index) => index !== where).map((gateway) => gateway.target());
      const client = new ChatClient({
        person,
        device: person.device(device),
        serviceKey,
        gateways: [targetOf(where), ...others],
        waitScale: WAIT_SCALE,
        ...options,
      });
      clients.push(client);
      client.goOnline();
      await client.live();
      return client;
    },
    test(name, run, timeoutMs) {
      jestTest(
        name,
        async () => {
          try {
            await run();
          } catch (error) {
            process.stdout.write(
              `[testkit] "${name}" failed; the services said last:\n${running().logs()}\n`,
            );
            throw error;
          }
        },
        timeoutMs,
      );
    },
  };
}
