import { expect } from '@jest/globals';
import {
  accessOf,
  answerTo,
  askStatus,
  bytesOf,
  claimComplete,
  http,
  makeFile,
  offer,
  PATIENT_MS,
  putChunk,
  requestChunk,
  sendChunk,
  untilVerified,
} from '../support/files.ts';
import { openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ deliveries: 1, files: 1 });
const { test } = stack;

/** A conversation of two, and a second device of each on the wire, on different gateways. */
async function openRawPair() {
  const { alice, bob, conversation } = await openPair(stack);
  const { client: alices } = await stack.login(alice, { where: 0, device: 1 });
  const { client: bobs } = await stack.login(bob, { where: 1, device: 1 });
  return { alice, bob, alices, bobs, conversation: conversation.id };
}

test('a file goes by frames as the seed has them, in any order, and comes out the same', async () => {
  const { alice, alices, bobs, conversation } = await openRawPair();
  // a quarter of the seed's own example, which has 100 chunks
  const file = makeFile(262_144, 10_486);
  expect(await offer(alices, file, conversation)).toMatchObject({ state: 'uploading', file_id: file.id });
  expect(await bobs.next('file_offer', () => true, PATIENT_MS)).toEqual({
    type: 'file_offer',
    file_id: file.id,
    conversation_id: conversation,
    user_id: alice.id,
    file_size: 262_144,
    chunk_size: 10_486,
    total_chunks: 25,
  });

  const order = Array.from({ length: 25 }, (_, index) => (index * 7) % 25);
  // as the seed shows it: without an id
  for (const index of order) {
    alices.send('file_chunk', {
      type: 'file_chunk',
      file_id: file.id,
      chunk_index: index,
      total_chunks: 25,
      encrypted_data: file.chunk(index).toString('base64'),
    });
  }
  const stored = new Set<number | undefined>();
  while (stored.size < 25) {
    const { chunk_index } = await alices.next('file_status', () => true, PATIENT_MS);
    stored.add(chunk_index);
  }
  expect(await claimComplete(alices, file)).toMatchObject({ state: 'verifying' });
  expect(await untilVerified(alices, file)).toBe('complete');

  const received: Buffer[] = [];
  for (let index = 0; index < 25; index++) {
    const answer = await requestChunk(bobs, file.id, index);
    if (answer.type !== 'file_chunk') throw new Error(answer.error_code);
    received.push(Buffer.from(answer.encrypted_data, 'base64'));
  }
  expect(Buffer.concat(received).equals(file.bytes)).toBe(true);

  bobs.send('file_progress', {
    type: 'file_progress',
    file_id: file.id,
    bytes_received: 262_144,
    total_bytes: 262_144,
    status: 'complete',
  });
  expect(
    await alices.next('file_progress', ({ user_id }) => user_id !== undefined, PATIENT_MS),
  ).toMatchObject({
    status: 'complete',
    bytes_received: 262_144,
  });
});

test('raw bytes over HTTP and frames of the socket are one transfer, and whole or in ranges one file', async () => {
  const { alices, bobs, conversation } = await openRawPair();
  const file = makeFile(300_001, 65_600);
  await offer(alices, file, conversation);
  const access = await accessOf(alices);
  expect((await putChunk(access, file, 3)).status).toBe(204);
  expect(await sendChunk(alices, file, 0)).toMatchObject({ chunk_index: 0 });
  expect((await askStatus(alices, file.id)).files?.[0]).toMatchObject({
    bytes_received: 131_200,
    missing: [
      [1, 2],
      [4, 4],
    ],
  });
  for (const index of [1, 2, 4]) expect((await putChunk(access, file, index)).status).toBe(204);
  // again: nothing changes
  expect((await putChunk(access, file, 4)).status).toBe(204);
  const complete = await http(access, `/${file.id}/complete`, {
    method: 'POST',
    body: Buffer.from(JSON.stringify({ size: 300_001, sha256: file.sha256 })),
  });
  expect(complete.status).toBe(202);
  expect(await untilVerified(alices, file)).toBe('complete');

  const bobsAccess = await accessOf(bobs);
  const whole = await http(bobsAccess, `/${file.id}`);
  expect([whole.status, whole.headers.get('content-length')]).toEqual([200, '300001']);
  expect((await bytesOf(whole)).equals(file.bytes)).toBe(true);
  const range = await http(bobsAccess, `/${file.id}`, { headers: { range: 'bytes=65000-200000' } });
  expect([range.status, range.headers.get('content-range')]).toEqual([206, 'bytes 65000-200000/300001']);
  expect((await bytesOf(range)).equals(file.bytes.subarray(65_000, 200_001))).toBe(true);
  const last = await bytesOf(await http(bobsAccess, `/${file.id}/chunks/4`));
  expect(last.equals(file.chunk(4))).toBe(true);
});

test('an offer that tells the server what is in the file is refused, and has no effect', async () => {
  const { alices, conversation } = await openRawPair();
  alices.send('file_offer', {
    type: 'file_offer',
    file_id: 'file_abc123',
    conversation_id: conversation,
    file_size: 1_048_576,
    chunk_size: 10_486,
    total_chunks: 100,
    filename: 'document.pdf',
    mime_type: 'application/pdf',
    checksum: 'sha256_hash',
    encryption_key: 'base64_key',
  });
  expect(await answerTo(alices, 'file_abc123')).toMatchObject({ code: 1003, error_code: 'ENCRYPTION_ERROR' });
  expect(await askStatus(alices, 'file_abc123')).toMatchObject({ state: 'gone' });
});
