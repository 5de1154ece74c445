import { createHash, randomBytes } from 'node:crypto';
import { describe, expect } from '@jest/globals';
import { openFiles } from '@securechat/client/files';
import { until } from '@securechat/testkit';
import { useDevices } from '../client/support/people.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ gateways: 2, deliveries: 1, files: 1, postgres: 'own' });
const { test } = stack;
const devices = useDevices(stack);

const PATIENT_MS = 60_000;
const BYTES = 6_000_000;

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each([
  ['over HTTP', true],
  ['by frames', false],
])('%s', (_, http) => {
  test('a file survives the death of its gateway, of the files service and of Postgres, both ways', async () => {
    const { gateways, files, stores } = stack.constellation;
    const socket = gateways[0]?.wsUrl ?? '';
    const [alice, bob] = await Promise.all([
      devices.signUp('alice', { socket }),
      devices.signUp('bob', { gateway: 1 }),
    ]);
    const chat = await alice.client.direct(bob.client.me.userId);
    const content = randomBytes(BYTES);

    const blows = [
      () => files[0]!.kill('SIGKILL').then(() => files[0]!.restart()),
      () => gateways[0]!.kill('SIGKILL').then(() => gateways[0]!.restart()),
      () => stores.ownPostgres!.end('SIGQUIT').then(() => stores.ownPostgres!.start()),
    ];
    /** At a moment of its own for each: when so much of the file has passed. */
    const strikeAt = blows.map((_, index) => ((index + 0.5 + Math.random() * 0.4) / blows.length) * BYTES);
    async function strike(progress: () => number): Promise<void> {
      for (const [index, blow] of blows.entries()) {
        await until(
          `${index + 1} of ${blows.length} parts have passed`,
          () => progress() >= (strikeAt[index] ?? 0),
          PATIENT_MS,
        );
        await blow();
      }
    }

    const upload = openFiles(alice.client, { http }).send(chat, content, { name: 'film' });
    await Promise.all([upload.done, strike(() => upload.progress.doneBytes)]);
    const { body } = await upload.done;
    if (body.type !== 'file') throw new Error('a file was to be sent');

    const parts: Uint8Array[] = [];
    const sink = new WritableStream<Uint8Array>({ write: (part) => void parts.push(part) });
    const download = openFiles(bob.client, { http }).receiveInto(body, sink);
    await Promise.all([download.done, strike(() => download.progress.doneBytes)]);
    expect(hashOf(Buffer.concat(parts))).toBe(hashOf(content));
  }, 240_000);
});
