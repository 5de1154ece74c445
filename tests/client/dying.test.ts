import { describe, expect } from '@jest/globals';
import { MemoryDisk } from '@securechat/client/memory';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { mortal } from './support/mortal.ts';
import { texts, useDevices } from './support/people.ts';

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
