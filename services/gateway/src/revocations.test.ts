import { expect, test } from '@jest/globals';
import type { RevocationPage, RevocationSet } from '@securechat/directory';
import { createTestClock } from '@securechat/kernel/testing';
import { Connection } from './connection/connection.ts';
import { register } from './handlers/register.ts';
import { createRevocations } from './revocations.ts';
import { createTestContext, sessionOf } from './testing/context.ts';
import { TestTransport } from './testing/transport.ts';

const revoked = (...devices: number[]) => devices.map((device) => ({ device, isServed: false }));
const page = (changes: RevocationPage['changes'], more: Partial<RevocationPage> = {}): RevocationPage => ({
  ...{ generation: 'g1', changes, through: String(changes.length), isLast: true },
  ...more,
});

/** Redis answers as `read` says. */
function openRevocations(read: RevocationSet['read']) {
  const clock = createTestClock();
  const set: RevocationSet = {
    read,
    publish: () => Promise.reject(new Error('a gateway publishes nothing')),
  };
  const directory = { register: async () => ({ outcome: 'registered', since: '1' }) } as never;
  const requests = {} as never;
  const context = createTestContext(clock, { directory, requests });
  const revocations = createRevocations({ set, hub: context.hub, clock, logger: context.logger });

  async function comeIn(device: number): Promise<TestTransport> {
    const transport = new TestTransport();
    await register(new Connection(context, transport, '127.0.0.1'), sessionOf(1, device));
    return transport;
  }
  return { clock, revocations, comeIn };
}

test('tickets are taken for 4 s after the set was last seen, and not a moment longer', async () => {
  let isAway = false;
  const { clock, revocations } = openRevocations(() =>
    isAway ? Promise.reject(new Error('Connection is closed.')) : Promise.resolve(page(revoked(7))),
  );
  expect(revocations.mayResume(1)).toBe(false);
  await revocations.refresh();
  expect([revocations.mayResume(1), revocations.mayResume(7)]).toEqual([true, false]);
  isAway = true;
  clock.advance(4_000);
  await expect(revocations.refresh()).rejects.toThrow('closed');
  expect(revocations.mayResume(1)).toBe(true);
  clock.advance(1);
  expect(revocations.mayResume(1)).toBe(false);
  isAway = false;
  await revocations.refresh();
  expect(revocations.mayResume(1)).toBe(true);
});

test('the age counts from before the question: what was written while it was on its way is not in the answer', async () => {
  const { clock, revocations } = openRevocations(async () => {
    clock.advance(1_000);
    return page([]);
  });
  await revocations.refresh();
  expect(revocations.ageMs()).toBe(1_000);
});

test('without the set no ticket is taken at once, and who is known to be revoked stays so', async () => {
  let answer: RevocationPage | undefined = page(revoked(7));
  const { revocations } = openRevocations(async () => answer);
  await revocations.refresh();
  answer = undefined;
  await revocations.refresh();
  expect([revocations.mayResume(1), revocations.has(7)]).toEqual([false, true]);
});

test('who comes in while a new generation is read in parts is ended when it has been read', async () => {
  const { revocations, comeIn } = openRevocations(async ({ through }) => {
    if (through === '0') return page(revoked(7), { through: '1', isLast: false });
    late = await comeIn(7);
    return page(revoked(8), { through: '2' });
  });
  let late: TestTransport | undefined;
  const other = await comeIn(9);
  await revocations.refresh();
  expect([late?.closedFor, other.closedFor]).toEqual(['revoked', undefined]);
});
