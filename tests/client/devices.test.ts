import { setTimeout } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import {
  BadContent,
  CannotDo,
  type Change,
  NoAccountHere,
  NotConnected,
  RequestTimedOut,
  SecureChat,
  StoreTaken,
} from '@securechat/client';
import { MemoryDisk, openMemoryStore } from '@securechat/client/memory';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1 });
const { test } = stack;
const devices = useDevices(stack);

/** What each of them calls the devices of their account. */
async function knows(all: readonly TestDevice[], names: readonly string[]): Promise<void> {
  for (const { client } of all) {
    await until(
      `${client.me.deviceId} knows ${names.join(', ')}`,
      async () => {
        const known = (await client.devices()).flatMap(({ name }) => name ?? []);
        return known.sort().join() === names.join();
      },
      30_000,
    );
  }
}

/** Of a process that dies with a certain write of a key with this prefix. `left` is what the next process finds. */
class DyingDisk extends MemoryDisk {
  readonly #prefix: string;
  #lives: number;
  left: MemoryDisk | undefined;

  constructor(prefix: string, lives: number) {
    super();
    this.#prefix = prefix;
    this.#lives = lives;
  }

  override put(key: string, value: Uint8Array): void {
    if (this.left) throw new Error('this process is dead');
    super.put(key, value);
    // after all changes of this write, and before anybody goes on
    if (key.startsWith(this.#prefix) && --this.#lives === 0) queueMicrotask(() => (this.left = this.copy()));
  }
}

/** What was begun, as it is when nobody can approve it any more. */
function tooLate(disk: MemoryDisk): Change {
  const begun = JSON.parse(new TextDecoder().decode(disk.get('link-begun')));
  const value = new TextEncoder().encode(JSON.stringify({ ...begun, untilMs: Date.now() - 1 }));
  return { put: 'link-begun', value };
}

describe('several devices', () => {
  test('a linked device gets history, and takes part in all conversations from then on', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const chat = await alice.client.direct(bob.client.me.userId);
    await chat.send('before');
    const theirs = await until('Bob has it', () => bob.client.conversations()[0]);
    await theirs.send('answer');
    await until('Alice has it', () => texts(alice.seen).includes('answer'));
    const tablet = await devices.link(alice);
    const copy = await until('the tablet is in', () => tablet.client.conversation(chat.id), 30_000);
    await until('the tablet is a member', () => copy.isMember, 30_000);
    await until('the tablet has the history', async () => texts(await copy.messages()).length === 2, 30_000);
    await theirs.send('to both');
    await copy.send('from the tablet');
    const all = ['before', 'answer', 'to both', 'from the tablet'];
    for (const view of [chat, theirs, copy]) {
      await until(
        'it has all',
        async () => {
          const said = texts(await view.messages());
          return all.every((text) => said.includes(text));
        },
        20_000,
      );
    }
    expect(await tablet.client.recoveryCode()).toBe(await alice.client.recoveryCode());
    await alice.client.revoke(tablet.client.me.deviceId);
    await theirs.send('without the tablet');
    await until('Alice has it', () => texts(alice.seen).includes('without the tablet'), 20_000);
    expect(texts(tablet.seen)).not.toContain('without the tablet');
    expect([alice.alarms, bob.alarms]).toEqual([[], []]);
  }, 120_000);

  test('have names, which all of them know, also those that come later, until they are removed', async () => {
    const alice = await devices.signUp('alice', { deviceName: 'Laptop' });
    const tablet = await devices.link(alice, { deviceName: 'Tablet' });
    await knows([alice, tablet], ['Laptop', 'Tablet']);
    const bob = await devices.signUp('bob');
    await bob.client.direct(alice.client.me.userId);
    expect((await bob.client.identity(alice.client.me.userId)).devices.map(({ name }) => name)).toEqual([
      undefined,
      undefined,
    ]);

    let changes = 0;
    alice.client.on('devices', () => changes++);
    await tablet.client.nameDevice(alice.client.me.deviceId, 'Old laptop');
    await until('Alice is told of a change', () => changes > 0, 20_000);
    await knows([alice, tablet], ['Old laptop', 'Tablet']);
    for (const name of [' ', 'x'.repeat(65), '\ud800'])
      await expect(alice.client.nameDevice(tablet.client.me.deviceId, name)).rejects.toThrow(BadContent);
    await expect(alice.client.nameDevice('d_nobody', 'x')).rejects.toThrow(CannotDo);

    // the default of its options is for a device that has no name
    const back = await devices.restart(alice, { deviceName: 'Laptop' });
    const phone = await devices.link(back, { deviceName: 'Phone' });
    await knows([back, tablet, phone], ['Old laptop', 'Phone', 'Tablet']);

    await back.client.revoke(tablet.client.me.deviceId);
    await knows([back, phone], ['Old laptop', 'Phone']);
    const kept = [back, phone].map(({ disk }) => {
      const values = disk
        .keys('device-names/', 'device-names0')
        .map((key) => disk.get(key) ?? new Uint8Array());
      return Buffer.concat(values).toString();
    });
    expect(kept.filter((names) => names.includes('Tablet'))).toEqual([]);
    expect([back.alarms, phone.alarms]).toEqual([[], []]);
  }, 120_000);

  test('a device from before there were names gets one when it is opened, and the others learn it', async () => {
    const alice = await devices.signUp('alice');
    const tablet = await devices.link(alice);
    await knows([alice, tablet], []);
    const [back, again] = [
      await devices.restart(alice, { deviceName: 'Laptop' }),
      await devices.restart(tablet, { deviceName: `${'x'.repeat(63)}🙂` }),
    ];
    await knows([back, again], ['Laptop', `${'x'.repeat(63)}\ufffd`]);
  }, 120_000);

  test('a device that waits to be let in sits out a network that is away for longer than a question waits', async () => {
    const alice = await devices.signUp('alice');
    const store = await openMemoryStore();
    const link = await SecureChat.link({ store, code: await alice.client.linkCode() });
    let error: unknown;
    link.done.catch((thrown: unknown) => {
      error = thrown;
    });
    // it was refused once by then
    await setTimeout(3_000);
    const [gateway] = stack.constellation.gateways;
    await gateway!.kill('SIGKILL');
    await setTimeout(33_000);
    expect(error).toBeUndefined();
    await gateway!.restart();
    // by itself only after up to half a minute, by now
    alice.client.nudge();
    await until('Alice is back', () => alice.client.state === 'connected', 30_000);
    await alice.client.approveLink(link.code);
    const tablet = await link.done;
    expect(tablet.me.userId).toBe(alice.client.me.userId);
    await tablet.close();
  }, 120_000);

  test('a device that dies while it is let in is that device afterwards, and leaves no other behind', async () => {
    const alice = await devices.signUp('alice');
    const disk = new MemoryDisk();
    /** Shows a code, and dies before it can learn that it was let in. */
    const dying = async (): Promise<string> => {
      const store = await openMemoryStore(disk);
      const transport = { connect: () => new Promise<never>(() => undefined) };
      const link = await SecureChat.link({ store, transport, code: await alice.client.linkCode() });
      link.done.catch(() => undefined);
      link.cancel();
      await store.close();
      return link.code;
    };
    await alice.client.approveLink(await dying());
    const [, added] = (await alice.client.devices()).map(({ deviceId }) => deviceId);
    // whoever begins anew, because nothing seems to have happened, is the same device too
    await dying();
    const link = await SecureChat.link({ store: await openMemoryStore(disk), deviceName: 'Tablet' });
    const tablet = await link.done;
    tablet.connect();
    expect(tablet.me).toEqual({ ...alice.client.me, deviceId: added });
    await until(
      'Alice knows its name, and no third device',
      async () => (await alice.client.devices()).map(({ name }) => name).join() === ',Tablet',
      30_000,
    );
    await tablet.close();
    await expect(SecureChat.link({ store: await openMemoryStore(disk) })).rejects.toThrow(StoreTaken);
  }, 90_000);

  test('a device that dies before it acts on the last that it was told does so when it is back', async () => {
    const alice = await devices.signUp('alice');
    // the account key, and the history
    const disk = new DyingDisk('told/', 2);
    const link = await SecureChat.link({
      store: await openMemoryStore(disk),
      code: await alice.client.linkCode(),
    });
    await alice.client.approveLink(link.code);
    const dying = await link.done;
    dying.connect();
    const left = await until('it dies', () => disk.left, 30_000);
    await dying.close();

    const tablet = await SecureChat.open({ store: await openMemoryStore(left) });
    tablet.connect();
    const code = await alice.client.recoveryCode();
    await until(
      'it has the key',
      () =>
        tablet.recoveryCode().then(
          (own) => own === code,
          () => false,
        ),
      30_000,
    );
    await until('it has acted on all', () => left.keys('told/', 'told0').length === 0);
    await tablet.close();
  }, 90_000);

  test('a link that nobody approved is forgotten, also when it is resumed too late', async () => {
    const alice = await devices.signUp('alice');
    const disk = new MemoryDisk();
    const store = await openMemoryStore(disk);
    const begun = await SecureChat.link({ store, code: await alice.client.linkCode() });
    begun.done.catch(() => undefined);
    begun.cancel();
    await expect(begun.done).rejects.toThrow(NotConnected);
    await store.write([tooLate(disk)]);
    const late = await SecureChat.link({ store });
    expect(late.code).toBe(begun.code);
    await expect(late.done).rejects.toThrow(RequestTimedOut);
    await expect(SecureChat.link({ store })).rejects.toThrow(NoAccountHere);
    expect(disk.keys('', '~')).toEqual([]);
  }, 60_000);

  test('what is written offline is sent after a restart', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const chat = await alice.client.direct(bob.client.me.userId);
    await chat.send('one');
    await until('Bob has it', () => texts(bob.seen).includes('one'));
    const again = await devices.restart(alice);
    await again.client.conversation(chat.id)!.send('two');
    const back = await devices.restart(bob);
    await until(
      'Bob has both',
      async () => texts(await back.client.conversation(chat.id)!.messages()).length === 2,
      20_000,
    );
    expect([alice.alarms, again.alarms, back.alarms]).toEqual([[], [], []]);
  }, 60_000);

  test('who has lost all devices comes back with the recovery code, and people go on talking', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const chat = await alice.client.direct(bob.client.me.userId);
    await chat.send('before');
    await until('Bob has it', () => texts(bob.seen).includes('before'));
    const back = await devices.recover(alice, await alice.client.recoveryCode());
    const again = await back.client.direct(bob.client.me.userId);
    expect(again.id).toBe(chat.id);
    await again.send('after');
    await until('Bob has it too', () => texts(bob.seen).includes('after'), 20_000);
    expect(bob.alarms).toEqual([]);
  }, 60_000);

  test('to who has come back so, what was refused is sent by trying again', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const chat = await alice.client.direct(bob.client.me.userId);
    await chat.send('before');
    await until('Bob has it', () => texts(bob.seen).includes('before'));
    const back = await devices.recover(bob, await bob.client.recoveryCode());
    // delivery hears within a second or two that the other device is revoked
    const refused = await until(
      'nobody is there to be written to',
      async () => {
        await chat.send('are you back?');
        return (await chat.messages()).find(({ failure }) => failure === 'PERMISSION_DENIED');
      },
      20_000,
    );
    expect(back.client.conversations()).toEqual([]);

    await chat.retry(refused.id);
    await until('Bob has it', () => texts(back.seen).includes('are you back?'), 20_000);
    const theirs = back.client.conversation(chat.id);
    await theirs?.send('I am');
    await until('Alice has the answer', () => texts(alice.seen).includes('I am'), 20_000);
    expect([alice.alarms, back.alarms]).toEqual([[], []]);
  }, 60_000);

  test('who has come back so is taken into a group again by who may add them, as a member', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const carol = await devices.signUp('carol');
    const id = (device: TestDevice) => device.client.me.userId;
    const group = await alice.client.createGroup({ name: 'the group', members: [id(bob), id(carol)] });
    await until('Bob is in', () => bob.client.conversation(group.id));
    const back = await devices.recover(bob, await bob.client.recoveryCode());
    await group.add([id(bob)]);
    const theirs = await until('Bob is in again', () => back.client.conversation(group.id), 20_000);
    await group.send('welcome back');
    await until('Bob has it', () => texts(back.seen).includes('welcome back'), 20_000);
    await theirs.send('thanks');
    for (const other of [alice, carol])
      await until(`${id(other)} has it`, () => texts(other.seen).includes('thanks'), 20_000);
    expect(group.memberIds).toEqual([id(alice), id(bob), id(carol)].sort());
    // who is in with a device is left alone
    const lines = (await group.messages()).length;
    await group.add([id(bob), id(carol)]);
    expect(await group.messages()).toHaveLength(lines);
    expect([alice, back, carol].flatMap(({ alarms }) => alarms)).toEqual([]);
  }, 60_000);

  test('an owner who has come back so cannot be removed, and is in the group again once it is started over', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const group = await alice.client.createGroup({ name: 'the group', members: [bob.client.me.userId] });
    await group.setRole(bob.client.me.userId, 'admin');
    const theirs = await until('Bob is in', () => bob.client.conversation(group.id));
    await until('Bob is admin', () => theirs.ownRole === 'admin');
    const back = await devices.recover(alice, await alice.client.recoveryCode());
    await expect(theirs.add([alice.client.me.userId])).rejects.toThrow(CannotDo);
    await theirs.restart();
    const hers = await until('Alice is in again', () => back.client.conversation(group.id), 20_000);
    await theirs.send('welcome back');
    await until('Alice has it', () => texts(back.seen).includes('welcome back'), 20_000);
    await until('Alice is owner', () => hers.ownRole === 'owner', 20_000);
  }, 60_000);

  test('shows as a request what nobody has accepted yet, and no more once somebody has', async () => {
    const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
    const chat = await bob.client.direct(alice.client.me.userId);
    await chat.send('hello from a stranger');
    await until('Alice has it', () => texts(alice.seen).includes('hello from a stranger'));
    const tablet = await devices.link(alice);
    const theirs = () => tablet.client.conversation(chat.id);
    await until(
      'the tablet has the history',
      async () => texts((await theirs()?.messages()) ?? []).includes('hello from a stranger'),
      60_000,
    );
    expect(theirs()?.isRequest).toBe(true);
    await alice.client.conversation(chat.id)!.accept();
    await until('the tablet knows', () => theirs()?.isRequest === false, 30_000);
  }, 120_000);
});
