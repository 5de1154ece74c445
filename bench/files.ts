// npm run bench:files -- [options]: files over frames and over HTTP, compared with a plain upload to a bare server; see README.md.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Client, type Conversation, type FileInfo, SecureChat } from '@securechat/client';
import { type Files, openFiles } from '@securechat/client/files';
import { openMemoryStore } from '@securechat/client/memory';
import { type Pids, total } from './measure/processes.ts';
import { median } from './measure/statistics.ts';
import { formatNumber, formatTable } from './measure/table.ts';
import { openWindow, type Window } from './measure/window.ts';
import { wholeNumbersOrEnd } from './options.ts';
import { startStack } from './stack.ts';

const USAGE = `Usage: npm run bench:files -- [options]
  --megabytes N   of the file, in millions of bytes (default 50)
  --rounds N      every way once in each (default 3)`;

const { megabytes, rounds } = wholeNumbersOrEnd(USAGE, { megabytes: 50, rounds: 3 });
const size = megabytes * 1_000_000;
const PIECE = Buffer.alloc(250_000, 7);

/** The same piece repeatedly: ciphertext looks random whatever the content. */
async function* content(): AsyncGenerator<Buffer> {
  for (let left = size; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left);
}

const seen = new Map<string, Window[]>();
async function measure<T>(name: string, pids: Pids, work: () => Promise<T>): Promise<T> {
  const window = openWindow(pids);
  const result = await work();
  seen.set(name, [...(seen.get(name) ?? []), window.close()]);
  return result;
}

const bare = fork(join(import.meta.dirname, 'files-server.ts'));
const [port] = (await once(bare, 'message')) as [number];
const stack = await startStack({ env: { FILES_STORAGE_PER_USER: '10GB', FILE_BYTES_PER_MINUTE: '1000GB' } });
const open: Client[] = [];

async function plainUpload(): Promise<void> {
  const body = Readable.toWeb(Readable.from(content()));
  const init = { method: 'PUT', body, duplex: 'half' } as RequestInit;
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    ...init,
    headers: { 'content-type': 'application/octet-stream' },
  });
  const { bytes } = (await answer.json()) as { bytes: number };
  if (bytes !== size) throw new Error('the bare server did not get all of it');
}

async function send(files: Files, chat: Conversation): Promise<FileInfo> {
  const { body } = await files.send(chat, { stream: content(), size }).done;
  if (body.type !== 'file') throw new Error('a file was to be sent');
  return body;
}

async function receive(files: Files, file: FileInfo): Promise<void> {
  let bytes = 0;
  const sink = new WritableStream<Uint8Array>({
    write(part) {
      bytes += part.length;
    },
  });
  await files.receiveInto(file, sink).done;
  if (bytes !== size) throw new Error('not all of it was received');
}

function row(name: string, windows: readonly Window[]): string[] {
  const of = (figure: (window: Window) => number): string => formatNumber(median(windows.map(figure)));
  return [
    name,
    of(({ seconds }) => megabytes / seconds),
    of(({ cpu }) => (1000 * total(cpu)) / megabytes),
    of(({ generatorCpu }) => (1000 * generatorCpu) / megabytes),
    of(({ foreignCores }) => foreignCores),
  ];
}

try {
  const server = { http: stack.authUrl, socket: stack.wsUrls[0] ?? '' };
  const signUp = async (userId: string): Promise<Client> => {
    const client = await SecureChat.signUp({ server, userId, store: await openMemoryStore() });
    open.push(client);
    client.connect();
    await client.reachable();
    return client;
  };
  const [alice, bob] = [await signUp('alice'), await signUp('bob')];
  const chat = await alice.direct(bob.me.userId);
  for (let round = 1; round <= rounds; round++) {
    await measure('plain upload, bare fastify', { bare: bare.pid as number }, plainUpload);
    for (const [name, http] of [
      ['HTTP', true],
      ['frames', false],
    ] as const) {
      const [from, to] = [openFiles(alice, { http }), openFiles(bob, { http })];
      const file = await measure(`${name}, send`, stack.pids, () => send(from, chat));
      await measure(`${name}, receive`, stack.pids, () => receive(to, file));
      await from.remove(file.fileId);
    }
    console.log(`round ${round} of ${rounds}`);
  }
  console.log(
    formatTable([
      ['', 'MB/s', 'server CPU-ms/MB', 'client CPU-ms/MB', 'others, cores'],
      ...[...seen].map(([name, windows]) => row(name, windows)),
    ]),
  );
  for (const [name, windows] of seen) {
    const parts = Object.keys(windows[0]?.cpu ?? {}).map((process) => {
      const ms = median(windows.map(({ cpu }) => (1000 * (cpu[process] ?? 0)) / megabytes));
      return ms < 0.05 ? [] : [`${process} ${formatNumber(ms)}`];
    });
    console.log(`  ${name}: ${parts.flat().join(', ')}`);
  }
} finally {
  await Promise.all(open.map((client) => client.close()));
  await stack.stop();
  bare.kill();
}
