// The cost of end-to-end encryption on a device: messages, commits and joins, in groups of three sizes, in one process.
import {
  createMlsEngine,
  type E2eeEngine,
  type GroupState,
  generateKeyPair,
  type OwnDevice,
} from '@securechat/crypto/e2ee';
import { median } from './measure/statistics.ts';
import { formatNumber, formatSpread, formatTable } from './measure/table.ts';

const SAMPLES = 5;
const MESSAGES_PER_SAMPLE = 100;
const MESSAGE = new Uint8Array(1_000).fill(120);
const NOTHING = new Uint8Array();

export type E2eeRow = { devices: number; step: string; samplesMs: number[]; cpuMs: number[]; bytes?: number };

/** `ratioOf`: how a step's CPU time compares with a different measurement. */
export async function runE2ee(ratioOf: (step: string, cpuMs: number) => string): Promise<E2eeRow[]> {
  const engine = await createMlsEngine({ authenticate: async ({ identity }) => parse(identity) });
  console.log(`\ne2ee: ms of each step, ${SAMPLES} samples; CPU over all threads of the process`);
  const rows: E2eeRow[] = [];
  for (const devices of [2, 10, 100]) rows.push(...(await runGroup(engine, devices)));
  const cells = rows.map(({ devices, step, samplesMs, cpuMs, bytes }) => [
    `${devices}: ${step}`,
    ...formatSpread(samplesMs),
    formatNumber(median(cpuMs)),
    bytes === undefined ? '' : formatNumber(bytes),
    ratioOf(`${devices}: ${step}`, median(cpuMs)),
  ]);
  console.log(
    formatTable([['devices: step', 'ms', 'min – max', 'CPU-ms', 'bytes', 'of baseline'], ...cells]),
  );
  return rows;
}

/** Every sample uses a new group, because a state is used once. */
async function runGroup(engine: E2eeEngine, devices: number): Promise<E2eeRow[]> {
  const rows = new Map<string, E2eeRow>();
  const timed = async <T>(step: string, work: () => Promise<T>, count = 1): Promise<T> => {
    const row = rows.get(step) ?? { devices, step, samplesMs: [], cpuMs: [] };
    rows.set(step, row);
    const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
    const done = await work();
    const { user, system } = process.cpuUsage(cpu);
    row.samplesMs.push((performance.now() - startedAt) / count);
    row.cpuMs.push((user + system) / 1000 / count);
    return done;
  };
  const sized = (step: string, bytes: Uint8Array | undefined): void => {
    const row = rows.get(step);
    if (row !== undefined && bytes !== undefined) row.bytes = bytes.length;
  };

  for (let sample = 0; sample < SAMPLES; sample++) {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const [alice, ...others] = await Promise.all(
      Array.from({ length: devices + 1 }, (_, n) => device(`u${n}`)),
    );
    if (alice === undefined) throw new Error('a group has a device');
    const pair = await timed('key package', () => engine.keyPackage(alice, { nowSeconds }));
    sized('key package', pair.bytes);
    const pairs = await Promise.all(others.map((own) => engine.keyPackage(own, { nowSeconds })));
    const [bobs, lates] = [pairs[0], pairs.at(-1)];
    const [bob, late] = [others[0], others.at(-1)];
    if (bobs === undefined || lates === undefined || bob === undefined || late === undefined)
      throw new Error('no others');

    const add = pairs.slice(0, -1).map(({ bytes }) => bytes);
    const groupId = crypto.getRandomValues(new Uint8Array(16));
    const created = await timed('create and add all', () =>
      engine.create(alice, groupId, { add, nowSeconds }),
    );
    sized('create and add all', created.welcome);
    const welcome = created.welcome ?? NOTHING;
    const joined = await timed('join', () => engine.join(welcome, bob, async () => bobs));
    sized('join', joined.state);

    const plain = { add: [], remove: [], nowSeconds };
    const renewal = await timed('renew keys', () => engine.commit(created.state, alice, plain, NOTHING));
    sized('renew keys', renewal.commit);
    const renewed = await timed('… of another', () => engine.apply(joined.state, renewal.commit, nowSeconds));
    let [mine, theirs] = [renewal.next, given(renewed.next)];

    const sealed: Uint8Array[] = [];
    await timed(
      'seal 1 KB',
      async () => {
        for (let n = 0; n < MESSAGES_PER_SAMPLE; n++) {
          const { ciphertext, next } = await engine.seal(mine, alice, MESSAGE, NOTHING);
          sealed.push(ciphertext);
          mine = next;
        }
      },
      MESSAGES_PER_SAMPLE,
    );
    sized('seal 1 KB', sealed[0]);
    await timed(
      'open 1 KB',
      async () => {
        for (const message of sealed) theirs = (await engine.open(theirs, message)).next;
      },
      MESSAGES_PER_SAMPLE,
    );

    const addition = await timed('add one', () =>
      engine.commit(mine, alice, { ...plain, add: [lates.bytes] }, NOTHING),
    );
    sized('add one', addition.commit);
    const grown = await timed('… added by another', () => engine.apply(theirs, addition.commit, nowSeconds));
    await timed('join late', () => engine.join(given(addition.welcome), late, async () => lates));
    const removal = await timed('remove one', () =>
      engine.commit(addition.next, alice, { ...plain, remove: [late] }, NOTHING),
    );
    sized('remove one', removal.commit);
    await timed('… removed by another', () => engine.apply(given(grown.next), removal.commit, nowSeconds));
  }
  return [...rows.values()];
}

async function device(userId: string): Promise<OwnDevice> {
  return {
    userId,
    deviceId: 'd',
    ...(await generateKeyPair()),
    identity: new TextEncoder().encode(`${userId}:d`),
  };
}

function parse(identity: Uint8Array): { userId: string; deviceId: string } {
  const [userId = '', deviceId = ''] = new TextDecoder().decode(identity).split(':');
  return { userId, deviceId };
}

function given(bytes: GroupState | undefined): GroupState {
  if (bytes === undefined) throw new Error('a step gave nothing');
  return bytes;
}
