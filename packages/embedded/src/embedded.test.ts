import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import {
  commandLineOf,
  type EmbeddedServer,
  freePort,
  spawnGuarded,
  startPostgres,
  startRedis,
} from './index.ts';
import { waitForRedis } from './redis.ts';

const running: EmbeddedServer[] = [];
async function started(starting: Promise<EmbeddedServer>): Promise<EmbeddedServer> {
  const server = await starting;
  running.push(server);
  return server;
}
// latest first: a restarted server uses the folder that the first one removes
afterEach(async () => {
  for (const server of running.splice(0).reverse()) await server.stop();
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

test('Postgres keeps committed rows over a kill and a restart on the same folder and port', async () => {
  const first = await started(startPostgres({ durable: false, database: 'chat' }));
  await query(first.url, 'create table notes as select 7 as id');
  await first.kill();

  const again = { dir: first.dir, port: first.port, database: 'chat' };
  const second = await started(startPostgres(again));
  expect(second.url).toBe(first.url);
  expect(await query(second.url, 'select id from notes')).toEqual([7]);

  await second.stop();
  const third = await started(startPostgres(again));
  expect(await query(third.url, 'select id from notes')).toEqual([7]);
});

test('a Redis whose port somebody else got before it is not waited for, though that one takes connections', async () => {
  const stranger = createServer(() => {}).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const { port } = stranger.address() as AddressInfo;
  const logFile = join(tmpdir(), `securechat-stranger-${port}.log`);
  const ended = await spawnGuarded('/bin/false', [], { cwd: '/', env: {}, logFile });
  await ended.exited;
  await expect(waitForRedis(ended, port, logFile)).rejects.toThrow('Redis did not start');
  rmSync(logFile, { force: true });
  stranger.close();
}, 5_000);

test('Postgres commits synchronously, with fsync unless it is told otherwise', async () => {
  const settings = `select current_setting('fsync'), current_setting('synchronous_commit')`;
  const durable = await started(startPostgres());
  expect(await query(durable.url, settings)).toEqual(['on', 'on']);
  const quick = await started(startPostgres({ durable: false }));
  expect(await query(quick.url, settings)).toEqual(['off', 'on']);
});

test('a Postgres data folder that is in use is refused with the process that uses it', async () => {
  const server = await started(startPostgres({ durable: false }));
  await expect(startPostgres({ dir: server.dir })).rejects.toThrow(
    `in use by the Postgres process ${server.pid}`,
  );
});

test('Redis answers, never evicts, and with a folder keeps what it acknowledged over a kill', async () => {
  const first = await started(startRedis({ appendonly: true }));
  expect(await redis(first.port, 'SET note 7')).toContain('+OK');
  await first.kill();
  const second = await started(startRedis({ dir: first.dir, port: first.port }));
  expect(await redis(second.port, 'GET note')).toContain('7');
  expect(await redis(second.port, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
});

async function redis(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${command}\r\n`);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return reply.toString();
}

test('a taken port is refused by name', async () => {
  const server = await started(startRedis());
  await expect(startRedis({ port: server.port })).rejects.toThrow(`Port ${server.port}`);
  expect(await freePort()).not.toBe(server.port);
});

test('a guarded process ends when its launcher is killed', async () => {
  const index = JSON.stringify(new URL('./index.ts', import.meta.url).href);
  const source = `const { spawnGuarded } = await import(${index});
    const { pid } = await spawnGuarded('sleep', ['600']);
    console.log(pid);
    setInterval(() => {}, 1000);`;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(launcher.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  launcher.kill('SIGKILL');
  while (commandLineOf(pid).includes('sleep')) await new Promise((resolve) => setTimeout(resolve, 20));
});

test('a program that does not exist is named', async () => {
  await expect(spawnGuarded('/no/such/program', [])).rejects.toThrow('Cannot run /no/such/program');
});
