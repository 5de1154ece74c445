import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { StoreFailed, StoreInUse } from '../storage/errors.ts';
import type { Store } from '../storage/store.ts';
import { countOf, roundsOf, together } from '../storage/testing/together.ts';
import { openSqliteStore } from './sqlite.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'securechat-sqlite-'));
  path = join(folder, 'device.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function withStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqliteStore(path);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

describe('another process that writes without end', () => {
  let writer: ChildProcess;
  /** The last write reported as durable. */
  let told: number;

  async function startWriter(): Promise<void> {
    const program = join(import.meta.dirname, 'testing/endless-writer.ts');
    writer = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    told = 0;
    writer.stdout?.setEncoding('utf8').on('data', (text: string) => {
      told = Number(text.trimEnd().split('\n').at(-1));
    });
    if (writer.stdout) await once(writer.stdout, 'data');
  }

  async function killWriter(): Promise<void> {
    if (writer.signalCode !== null) return;
    writer.kill('SIGKILL');
    await once(writer, 'close');
  }

  afterEach(() => killWriter());

  test('leaves each write whole or not at all when it is killed, and nothing that it was told is lost', async () => {
    for (let kill = 0; kill < 6; kill++) {
      await startWriter();
      await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 60));
      await killWriter();
      const entries = await withStore((store) => store.list('together/'));
      const [round = 0, ...others] = roundsOf(entries);
      expect(others).toEqual([]);
      expect(round).toBeGreaterThanOrEqual(told);
      expect(entries).toHaveLength(countOf(round));
    }
  });

  test('keeps the store to itself while it lives, and no longer', async () => {
    await startWriter();
    await expect(openSqliteStore(path)).rejects.toThrow(StoreInUse);
    await killWriter();
    await withStore((store) => store.write(together(1)));
  });
});

test('only the owner of the account may read the files', async () => {
  await withStore(async (store) => {
    await store.write(together(1));
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  });
});

test('what was deleted is not left in the file', async () => {
  const secret = 'the key that must go';
  await withStore((store) => store.write([{ put: 'a', value: new TextEncoder().encode(secret) }]));
  expect(contentOfFiles()).toContain(secret);
  await withStore((store) => store.write([{ delete: 'a' }]));
  expect(contentOfFiles()).not.toContain(secret);
});

const contentOfFiles = (): string =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join();

test('a wipe leaves no file behind', async () => {
  const store = await openSqliteStore(path);
  await store.write(together(1));
  await store.wipe();
  expect(readdirSync(folder)).toEqual([]);
});

test('says what is wrong with a place that cannot hold a store', async () => {
  await expect(openSqliteStore(join(folder, 'missing', 'device.db'))).rejects.toThrow(StoreFailed);
  expect(existsSync(join(folder, 'missing'))).toBe(false);
  writeFileSync(path, 'a letter to somebody, longer than the header of a database'.repeat(10));
  await expect(openSqliteStore(path)).rejects.toThrow(StoreFailed);
});

test('leaves alone what a later version has written', async () => {
  await withStore((store) => store.write(together(1)));
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 2');
  database.close();
  await expect(openSqliteStore(path)).rejects.toThrow('later version');
});

test('a disk that fails ends the store, and what was written before is found when it is opened anew', async () => {
  await withStore((store) => store.write(together(1)));
  // the kernel refuses to grow files beyond 1 MB
  const limited = 'trap \'\' XFSZ; ulimit -f 1000; exec "$@"';
  const program = join(import.meta.dirname, 'testing/endless-writer.ts');
  const writer = spawn('bash', ['-c', limited, 'bash', process.execPath, program, path]);
  let complaint = '';
  writer.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  await once(writer, 'close');
  expect(complaint).toContain('StoreFailed');
  await withStore(async (store) => expect(roundsOf(await store.list('together/')).size).toBe(1));
});
