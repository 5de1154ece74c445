import { describe, expect } from '@jest/globals';
import { LoginRefused, type Person, type RawClient, until } from '@securechat/testkit';
import { openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ gateways: 2 });
const { test } = stack;

const REPLACED = { code: 4504, reason: 'a newer connection of this device took over' };

async function isAlive(client: RawClient): Promise<void> {
  client.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
  await client.next('pong');
}

describe('a newer connection of the same device takes over', () => {
  for (const [place, first, second] of [
    ['on the same gateway', 0, 0],
    ['on another gateway', 0, 1],
  ] as const) {
    test(place, async () => {
      const person = await stack.person('alice');
      const { client: older } = await stack.login(person, { where: first });
      const { client: newer } = await stack.login(person, { where: second });
      expect(await older.end()).toEqual(REPLACED);
      await isAlive(newer);
    });
  }

  test('on TCP, where the reason comes as a last frame', async () => {
    const person = await stack.person('alice');
    const { client: older } = await stack.login(person, {
      where: stack.constellation.gateways[0]!.target('tcp'),
    });
    await stack.login(person, { where: 1 });
    expect(await older.next('goaway')).toMatchObject({ type: 'goaway', ...REPLACED });
    expect(await older.end()).toEqual(REPLACED);
  });

  test('and the older one does not come back by itself, while the newer one gets the messages', async () => {
    const { alices, bob, bobs, conversation } = await openPair(stack);
    const newer = await stack.open(bob, { where: 0 });
    await until('the older connection knows', () => bobs.endedBy);
    expect(bobs.endedBy?.message).toContain('4504');
    const { ref } = await alices.sendChat(conversation, 'hello');
    await newer.receive(({ id }) => id === ref);
    expect([bobs.isConnected, bobs.received]).toEqual([false, []]);
  });

  test('ten times in a row, on either gateway, and the last one holds', async () => {
    const person = await stack.person('alice');
    const clients: RawClient[] = [];
    for (let n = 0; n < 10; n++) clients.push((await stack.login(person, { where: n % 2 })).client);
    const last = clients.pop()!;
    for (const client of clients) expect((await client.end()).code).toBe(4504);
    await isAlive(last);
  });

  test('another device of the same person stays', async () => {
    const person = await stack.person('alice');
    const { client: phone } = await stack.login(person, { where: 0 });
    const { client: laptop } = await stack.login(person, { where: 0, device: 1 });
    await stack.login(person, { where: 1, device: 1 });
    expect((await laptop.end()).code).toBe(4504);
    await isAlive(phone);
  });
});

describe('five connections of one person', () => {
  /** One connection of each of the first five devices, spread over both gateways. */
  async function five(person: Person): Promise<RawClient[]> {
    const clients: RawClient[] = [];
    for (let device = 0; device < 5; device++) {
      clients.push((await stack.login(person, { where: device % 2, device })).client);
    }
    return clients;
  }

  test('are the most: the sixth is refused with the time to wait, on either gateway', async () => {
    const person = await stack.person('alice', { devices: 6 });
    const clients = await five(person);
    for (const where of [0, 1]) {
      const sixth = await stack.connect(where);
      const refusal: unknown = await sixth
        .login({ person, device: person.device(5) })
        .catch((error) => error);
      expect(refusal).toBeInstanceOf(LoginRefused);
      const { answer } = refusal as LoginRefused;
      expect(answer).toMatchObject({
        code: 1004,
        error_code: 'RATE_LIMITED',
        scope: 'user_connections',
        limit: 5,
      });
      expect(answer.retry_after_ms).toBeGreaterThanOrEqual(60_000);
      expect((await sixth.end()).code).toBe(4429);
    }
    for (const client of clients) await isAlive(client);
  });

  test('leave room for a newer connection of one of them', async () => {
    const person = await stack.person('alice', { devices: 6 });
    const [first] = await five(person);
    const { client } = await stack.login(person, { where: 1, device: 0 });
    expect((await first!.end()).code).toBe(4504);
    await isAlive(client);
  });

  test('make room when one ends, with or without a goodbye', async () => {
    const person = await stack.person('alice', { devices: 7 });
    const [first, second] = await five(person);
    first!.close();
    await until('the sixth is let in', () => tryLogin(person, 5));
    second!.destroy();
    await until('the seventh is let in', () => tryLogin(person, 6));
  });

  test('do not include those of a gateway that has died', async () => {
    const person = await stack.person('alice', { devices: 6 });
    await five(person);
    const [, dying] = stack.constellation.gateways;
    await dying!.kill('SIGKILL');
    try {
      await until('the sixth is let in', () => tryLogin(person, 5, 0), 20_000);
    } finally {
      await dying!.restart();
    }
  }, 60_000);

  async function tryLogin(person: Person, device: number, where = 1): Promise<true> {
    const { client } = await stack.login(person, { where, device });
    await isAlive(client);
    return true;
  }
});
