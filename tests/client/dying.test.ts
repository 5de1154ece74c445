import { describe, expect } from '@jest/globals';
import { MemoryDisk } from '@securechat/client/memory';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { mortal } from './support/mortal.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const devices = useDevices(stack);

describe('a device that dies before it hears that its new conversation is stored', () => {
  test('follows it from the beginning, also if others have changed its keys and written', async () => {
    const bob = await devices.signUp('bob');
    const process = await mortal(new MemoryDisk());
    const alice = await devices.signUp('alice', process);
    const left = process.dieBefore((change) => 'delete' in change && change.delete.startsWith('creation/'));
    const asking = alice.client.direct(bob.client.me.userId);
    asking.catch(() => undefined);
    const disk = await left;
    const theirs = await until('Bob is in', () => bob.client.conversations()[0]);
    await theirs.send('hello');
    await until('the server has it', () => bob.client.waiting === 0);
    const back = await devices.open(disk);
    await until('Alice has it', () => texts(back.seen).includes('hello'));
    await back.client.conversation(theirs.id)?.send('hello Bob');
    await until('Bob has it', () => texts(bob.seen).includes('hello Bob'));
    expect([...back.alarms, ...bob.alarms]).toEqual([]);
    expect(back.client.waiting).toBe(0);
  }, 60_000);
});

describe('a device whose store was set back to an older copy', () => {
  async function setBack(meanwhile: (bob: TestDevice) => Promise<void>) {
    const bob = await devices.signUp('bob');
    const alice = await devices.signUp('alice');
    const chat = await alice.client.direct(bob.client.me.userId);
    await chat.send('first');
    await until('Bob has it', () => texts(bob.seen).includes('first'));
    const theirs = bob.client.conversation(chat.id)!;
    await theirs.send('hello');
    await until('Alice has it', () => texts(alice.seen).includes('hello'));
    await until('nothing waits', () => alice.client.waiting + bob.client.waiting === 0);
    const copy = alice.disk.copy();
    await chat.send('forgotten');
    await until('Bob has that too', () => texts(bob.seen).includes('forgotten'));
    await meanwhile(bob);
    await theirs.send('answer');
    await until('Alice has it', () => texts(alice.seen).includes('answer'), 20_000);
    await alice.client.close();
    return { bob, theirs, alice: await devices.open(copy) };
  }

  test('goes on with new keys for each message, and is given again what it lacks', async () => {
    const { bob, theirs, alice } = await setBack(async () => undefined);
    const chat = alice.client.conversation(theirs.id)!;
    for (const text of ['one', 'two']) await chat.send(text);
    await until('Bob has both', () => ['one', 'two'].every((text) => texts(bob.seen).includes(text)));
    await theirs.send('and now?');
    await until('she has all', () =>
      ['answer', 'and now?'].every((text) => texts(alice.seen).includes(text)),
    );
    expect(bob.alarms).toEqual([]);
    expect(texts(await theirs.messages()).sort()).toEqual(
      ['first', 'hello', 'forgotten', 'answer', 'one', 'two', 'and now?'].sort(),
    );
  }, 60_000);

  test('says that it cannot follow if the keys have moved on, and does after a restart', async () => {
    const { bob, theirs, alice } = await setBack(async (bob) => {
      await devices.link(bob);
      const isIn = () =>
        bob.client
          .conversations()[0]
          ?.members()
          .some((each) => each.devices.length === 2);
      await until('his tablet is in, with other keys', isIn, 20_000);
    });
    const chat = alice.client.conversation(theirs.id)!;
    await theirs.send('are you there?');
    await until('it has come', () => alice.alarms.some(({ type }) => type === 'undecryptable'));
    await chat.send('one');
    await until('she is told', () => chat.isStuck, 20_000);
    await chat.restart();
    await until('Bob has it', () => texts(bob.seen).includes('one'), 20_000);
    expect(chat.isStuck).toBe(false);
  }, 90_000);
});
