import { describe, expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 2, presences: 1 });
const { test } = stack;
const devices = useDevices(stack);

describe('two people', () => {
  test('talk, each seeing what the other said, once and in order', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob', { gateway: 1 });
    const chat = await alice.client.direct(bob.client.me.userId);
    await chat.send('hello');
    await chat.send('how are you?');
    const theirs = await until('Bob has the conversation', () => bob.client.conversations()[0]);
    await until('Bob has read it', () => texts(bob.seen).length === 2);
    expect(texts(bob.seen)).toEqual(['hello', 'how are you?']);
    await theirs.send('fine');
    await until('Alice has the answer', () => texts(alice.seen).includes('fine'));
    expect(texts(await chat.messages())).toEqual(['hello', 'how are you?', 'fine']);
    expect(texts(await theirs.messages())).toEqual(['hello', 'how are you?', 'fine']);
    expect([alice.alarms, bob.alarms]).toEqual([[], []]);
  });

  test('can begin while one of them, who has just signed up, is away', async () => {
    const bob = await devices.signUp('bob');
    await bob.client.reachable();
    await bob.client.close();
    const alice = await devices.signUp('alice');
    const chat = await alice.client.direct(bob.client.me.userId);
    await chat.send('see you later');
    const back = await devices.restart(bob);
    await until('Bob has read it', () => texts(back.seen).includes('see you later'));
  });

  test('see each other come, write and go, once both have said something', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob', { gateway: 1 });
    const chat = await alice.client.direct(bob.client.me.userId);
    await chat.send('hello');
    const theirs = await until('Bob has the conversation', () => bob.client.conversations()[0]);
    await theirs.accept();
    await theirs.send('hello');
    await until('Alice has it', () => texts(alice.seen).includes('hello'));
    const [hers, his] = [await alice.client.presence(), await bob.client.presence()];
    const told: string[] = [];
    hers.on('status', ({ status }) => told.push(status));
    hers.on('typing', ({ isTyping }) => told.push(isTyping ? 'writes' : 'stops'));
    hers.watch([bob.client.me.userId]);
    his.show('online');
    await until('Alice sees Bob', () => hers.of(bob.client.me.userId).status === 'online');
    his.typing(theirs.id, true);
    await until('Bob writes', () => told.includes('writes'));
    his.typing(theirs.id, false);
    await until('Bob stops', () => told.includes('stops'));
    his.show('offline');
    await until('Bob has gone', () => told.at(-1) === 'offline');
    expect(told).toEqual(['online', 'writes', 'stops', 'offline']);
  });
});
