import { randomBytes } from 'node:crypto';
import { describe, expect } from '@jest/globals';
import type { Conversation, Message } from '@securechat/client';
import { openFiles, TransferCancelled, TransferFailed } from '@securechat/client/files';
import { rowsOf, until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type TestDevice, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1, files: 1 });
const { test } = stack;
const devices = useDevices(stack);
const PATIENT_MS = 60_000;

async function openPair() {
  const [alice, bob] = await Promise.all([devices.signUp('alice'), devices.signUp('bob')]);
  const chat = await alice.client.direct(bob.client.me.userId);
  return { alice, bob, chat };
}

type FileBody = Extract<Message['body'], { type: 'file' }>;
const fileAt = (device: TestDevice): Promise<FileBody> =>
  until(
    'the file was told of',
    () => device.seen.flatMap(({ body }) => (body.type === 'file' ? [body] : [])).at(-1),
    PATIENT_MS,
  );
const bytesOf = async (blob: Blob): Promise<Buffer> => Buffer.from(await blob.arrayBuffer());

async function* dripping(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

describe('a file', () => {
  for (const http of [true, false]) {
    test(`comes out as it went in ${http ? 'over HTTP' : 'by frames of the connection'}, and only those who are to know it do`, async () => {
      const { alice, bob, chat } = await openPair();
      // more than a megabyte has chunks of the greatest size
      const content = randomBytes(1_200_001);
      const source = http
        ? new File([content], 'plans.pdf', { type: 'application/pdf' })
        : { stream: dripping(content), size: content.length };
      const options = http ? {} : { name: 'plans.pdf', mimeType: 'application/pdf' };
      const transfer = openFiles(alice.client, { http }).send(chat, source, options);
      const told: number[] = [];
      transfer.onProgress(({ doneBytes }) => told.push(doneBytes));
      const message = await transfer.done;
      expect(message.body).toMatchObject({
        type: 'file',
        name: 'plans.pdf',
        mimeType: 'application/pdf',
        size: 1_200_001,
      });
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(told.at(-1)).toBe(1_200_001);

      const file = await fileAt(bob);
      const received = await openFiles(bob.client, { http }).receive(file).done;
      expect((await bytesOf(received)).equals(content)).toBe(true);
      expect(received.type).toBe('application/pdf');

      // what the server keeps is neither the content nor its size
      const { postgresUrl } = stack.constellation.stores;
      const [row] = await rowsOf<{ bytes: Buffer }>(
        postgresUrl,
        `SELECT string_agg(b.bytes, '' ORDER BY b.idx) AS bytes FROM files.blobs b
           JOIN files.files f ON f.id = b.file_id WHERE f.ext_id = '${file.fileId}'`,
      );
      expect(row?.bytes.length).toBe(file.cipherSize);
      expect(row?.bytes.includes(content.subarray(0, 32))).toBe(false);
      const carried = await stack.constellation.files[0]?.metrics();
      const path = http ? 'http' : 'socket';
      expect(carried?.sum('securechat_files_chunks_total', { direction: 'read', path })).toBeGreaterThan(0);
    });
  }

  test('waits when it is told to, goes on, and leaves nothing when it is cancelled', async () => {
    const { alice, chat } = await openPair();
    const files = openFiles(alice.client);
    let given = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const part of dripping(randomBytes(600_000))) {
        given += part.length;
        yield part;
      }
    }
    const transfer = files.send(chat, { stream: counted(), size: 600_000 });
    transfer.pause();
    await until('it has come to a stop', () => given > 0);
    const before = given;
    expect(before).toBeLessThan(300_000);
    transfer.resume();
    await until('it goes on', () => given > before, PATIENT_MS);
    transfer.cancel();
    await expect(transfer.done).rejects.toThrow(TransferCancelled);
    const { postgresUrl } = stack.constellation.stores;
    await until('nothing of it is left', async () => {
      const rows = await rowsOf<{ n: number }>(
        postgresUrl,
        `SELECT count(*)::int AS n FROM files.files WHERE ext_id = '${transfer.fileId}'`,
      );
      return rows[0]?.n === 0;
    });
  });

  test('is taken from everybody with the message that told of it', async () => {
    const { alice, bob, chat } = await openPair();
    const files = openFiles(alice.client);
    const message = await files.send(chat, new File([randomBytes(5_000)], 'wrong.pdf')).done;
    const file = await fileAt(bob);
    expect((await files.stored()).files.map(({ fileId }) => fileId)).toContain(file.fileId);
    await files.deleteForEveryone(chat, message.id);
    expect(await files.stored()).toMatchObject({ files: [], usedBytes: 0 });
    await expect(openFiles(bob.client).receive(file).done).rejects.toThrow(TransferFailed);
    const bobs = bob.client.conversation(chat.id);
    await until(
      'Bob sees it deleted',
      async () => (await bobs?.message(message.id))?.body.type === 'deleted',
    );
  });

  test('of somebody else stays when its message may not be deleted', async () => {
    const { alice, bob, chat } = await openPair();
    const content = randomBytes(5_000);
    const message = await openFiles(alice.client).send(chat, new File([content], 'right.pdf')).done;
    const file = await fileAt(bob);
    const bobs = bob.client.conversation(chat.id);
    if (!bobs) throw new Error('Bob does not know the conversation');
    await expect(openFiles(bob.client).deleteForEveryone(bobs, message.id)).rejects.toThrow(
      'you may not delete this',
    );
    expect((await bytesOf(await openFiles(bob.client).receive(file).done)).equals(content)).toBe(true);
  });
});

describe('what a malicious server makes of a file', () => {
  const deeds: [string, string][] = [
    [
      'a changed byte',
      `UPDATE files.blobs SET bytes = set_byte(bytes, 100, (get_byte(bytes, 100) + 1) % 256) WHERE idx = 0`,
    ],
    [
      'two chunks exchanged',
      `UPDATE files.blobs SET idx = CASE idx WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE idx END`,
    ],
    [
      'the last chunk cut short',
      `UPDATE files.blobs SET bytes = substring(bytes FOR length(bytes) - 10) WHERE idx = 5`,
    ],
  ];

  test('is noticed by whoever receives it, and nothing of it is shown as the file', async () => {
    const { alice, bob, chat } = await openPair();
    for (const [deed, sql] of deeds) {
      const file = await sendRandom(alice, chat);
      await tamper(`${sql.replace('UPDATE files.blobs', 'UPDATE files.blobs b')}`, file.fileId);
      const outcome = await openFiles(bob.client)
        .receive(file)
        .done.then(
          () => 'shown',
          (error: Error) => error.name,
        );
      expect({ deed, outcome }).toEqual({ deed, outcome: 'FileNotGenuine' });
    }
  });

  async function sendRandom(alice: TestDevice, chat: Conversation): Promise<FileBody> {
    const { body } = await openFiles(alice.client).send(chat, randomBytes(350_000)).done;
    if (body.type !== 'file') throw new Error('a file was to be sent');
    return body;
  }

  /** The exchange of two numbers passes through a state that the key does not allow, so it goes by a copy. */
  async function tamper(sql: string, fileId: string): Promise<void> {
    const { postgresUrl } = stack.constellation.stores;
    const where = `file_id = (SELECT id FROM files.files WHERE ext_id = '${fileId}')`;
    const table = `tampered_${randomBytes(4).toString('hex')}`;
    for (const statement of [
      `CREATE TABLE ${table} AS SELECT * FROM files.blobs WHERE ${where}`,
      sql.replaceAll('files.blobs', table),
      `DELETE FROM files.blobs WHERE ${where}`,
      `INSERT INTO files.blobs SELECT * FROM ${table}`,
      `DROP TABLE ${table}`,
    ])
      await rowsOf(postgresUrl, statement);
  }
});
