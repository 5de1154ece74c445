import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createFileBudget } from '@securechat/directory';
import { systemClock } from '@securechat/kernel';
import { encodeUpstream } from '@securechat/protocol';
import type { FilesRequests } from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis, until } from '@securechat/testkit';
import { capabilitiesOf } from '../connection/capabilities.ts';
import { Connection } from '../connection/connection.ts';
import type { Requests } from '../streams/requests.ts';
import { createTestContext, sessionOf } from '../testing/context.ts';
import { TestTransport } from '../testing/transport.ts';

/** A fifth at once, then 8 bytes per millisecond. */
const BYTES_PER_MINUTE = 600_000;

let store: TestRedis;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());

test('a chunk whose connection was cut off while it waited for its turn goes no further', async () => {
  const passed: number[] = [];
  const requests = {
    async putChunk({ chunk_index }: FilesRequests['chunk']['ask']) {
      passed.push(chunk_index);
      return { ok: true, status: { file_id: 'file_1', chunk_index } };
    },
  } as unknown as Requests;
  const { redis, prefix } = store;
  const fileBudget = createFileBudget(redis, { prefix, shards: 1, bytesPerMinute: BYTES_PER_MINUTE });
  const context = createTestContext(systemClock, { requests, fileBudget });
  const [cutOff, other] = [1, 2].map((device) => {
    const connection = new Connection(context, new TestTransport(), '192.0.2.1');
    connection.session = { ...sessionOf(1, device), capabilities: capabilitiesOf(['file_transfer']) };
    connection.enter('ready');
    return connection;
  }) as [Connection, Connection];
  const send = (to: Connection, chunk_index: number, bytes: number): void =>
    to.onBytes(
      encodeUpstream('file_chunk', {
        type: 'file_chunk',
        file_id: 'file_1',
        chunk_index,
        total_chunks: 9,
        encrypted_data: Buffer.alloc(bytes).toString('base64'),
      }),
    );

  send(cutOff, 0, BYTES_PER_MINUTE / 5);
  await until('the first is passed on', () => passed.length === 1);
  send(cutOff, 1, 4_000);
  // behind it, in the order in which Redis is asked
  send(other, 2, 400);
  cutOff.close('revoked');
  await until('the next one is passed on', () => passed.includes(2));
  expect(passed).toEqual([0, 2]);
});
