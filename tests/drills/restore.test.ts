import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { askRedis, ROOT, say, until } from '@securechat/testkit';
import { storedMessages } from '../support/database.ts';
import { fromTheOtherSide, openPair, type Pair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';
import { dump, requirePgDump, restore } from './pg-programs.ts';

const stack = useConstellation({ redis: 'own', gateways: 1, deliveries: 1 });
const { test } = stack;

const IN_FLIGHT = 8;
const BEFORE = 200;
const PATIENT_MS = 60_000;

/** Alice writes without a pause, until `stop`; `acked` are the ids of what the server has promised to keep. */
function keepWriting({ alices, conversation }: Pair) {
  const acked = new Set<string>();
  let isOver = false;
  const lanes = Array.from({ length: IN_FLIGHT }, async () => {
    while (!isOver) acked.add((await alices.sendChat(conversation, `message ${acked.size}`)).ref);
  });
  return {
    acked,
    async stop() {
      isOver = true;
      await Promise.all(lanes);
    },
  };
}

/** `node src/after-restore.ts`, as an operator runs it. */
async function afterRestore(postgresUrl: string): Promise<string> {
  const script = join(ROOT, 'services/auth/src/after-restore.ts');
  const env = { ...process.env, NODE_OPTIONS: '', POSTGRES_URL: postgresUrl };
  return (await promisify(execFile)(process.execPath, [script], { env })).stdout;
}

test('a backup that was taken under load is restored: nothing that was acked before is lost, and people chat on', async () => {
  const { constellation } = stack;
  const { postgresUrl, redisUrl } = constellation.stores;
  const folder = mkdtempSync(join(tmpdir(), 'securechat-drill-'));
  const file = join(folder, 'backup');
  try {
    await requirePgDump(postgresUrl);
    const pair = await openPair(stack, { bob: 0 });
    const writing = keepWriting(pair);
    await until('there is something to back up', () => writing.acked.size >= BEFORE, PATIENT_MS);
    const promised = new Set(writing.acked);
    await dump(postgresUrl, file);
    await until('more has come since', () => writing.acked.size >= promised.size + BEFORE, PATIENT_MS);
    await writing.stop();
    await pair.alices.close();
    await pair.bobs.close();

    // all is lost: what runs, Postgres and Redis
    const processes = [...constellation.gateways, ...constellation.deliveries, ...constellation.auths];
    for (const each of processes) await each.kill('SIGKILL');
    await restore(postgresUrl, file);
    await askRedis(redisUrl, 'FLUSHALL');
    expect(await afterRestore(postgresUrl)).toContain('key packages');
    for (const each of processes.toReversed()) await each.restart();

    // a device that has been away all the time finds everything, and can answer
    const found = await stack.open(pair.bob, { where: 0, device: 1 });
    await until('the mailbox is read', () => found.received.length >= promised.size, PATIENT_MS);
    const ids = new Set(found.received.map(({ id }) => id));
    expect([...promised].filter((id) => !ids.has(id))).toEqual([]);
    const kept = new Set((await storedMessages(stack)).map(({ msg_id }) => msg_id));
    expect([...promised].filter((id) => !kept.has(id))).toEqual([]);
    const alices = await stack.open(pair.alice, { where: 0, device: 1 });
    await found.sendChat(fromTheOtherSide(pair.conversation, pair.alice), 'we are back');
    await until(
      'Alice hears it',
      () => alices.received.some(({ payload }) => payload.toString() === 'we are back'),
      PATIENT_MS,
    );
    const lost = writing.acked.size - [...writing.acked].filter((id) => kept.has(id)).length;
    say(
      `drill: ${promised.size} acked before the backup, all there; ${lost} acked after it are lost with it`,
    );
    expect(lost).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);
