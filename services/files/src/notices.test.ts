import { expect, test } from '@jest/globals';
import type { Directory, OutStreams } from '@securechat/directory';
import { createLogger } from '@securechat/kernel';
import { createTestClock } from '@securechat/kernel/testing';
import { createNotices } from './notices.ts';

/** What arrives at the only gateway of user 1. */
function gatewayOfUserOne() {
  const told: { bytes: number; status: string }[] = [];
  const directory = {
    locate: async () => new Map([[1, [{ device: 7, gateway: 'g', connection: 1 }]]]),
  } as unknown as Directory;
  const outStreams: Pick<OutStreams, 'send'> = {
    async send(_gateway, records) {
      for (const { body } of records) {
        const { bytes_received: bytes, status } = JSON.parse(Buffer.from(body).toString());
        told.push({ bytes, status });
      }
      return true;
    },
  };
  const clock = createTestClock();
  const logger = createLogger({ service: 'files', instance: 'test', level: 'fatal' });
  return { told, clock, notices: createNotices({ directory, outStreams, clock, logger }) };
}

test('progress is told seldom enough and never falls', async () => {
  const { told, clock, notices } = gatewayOfUserOne();
  const progress = (bytes_received: number, status: 'downloading' | 'complete' = 'downloading') =>
    notices.tellProgress(1, { file_id: 'f', bytes_received, total_bytes: 100, status });
  progress(10);
  progress(20);
  clock.advance(500);
  progress(30);
  clock.advance(500);
  // overtaken in flight
  progress(20);
  progress(30);
  progress(40);
  progress(100, 'complete');
  await new Promise(setImmediate);
  expect(told).toEqual([
    { bytes: 10, status: 'downloading' },
    { bytes: 30, status: 'downloading' },
    { bytes: 40, status: 'downloading' },
    { bytes: 100, status: 'complete' },
  ]);
});
