import { describe, expect } from '@jest/globals';
import { rowsOf, until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const devices = useDevices(stack);

const idOf = ({ client }: TestDevice): string => client.me.userId;
const viewOf = ({ client }: TestDevice, id: string) => client.conversation(id)!;

async function hears(device: TestDevice, ...all: string[]): Promise<void> {
  await until(`${idOf(device)} has ${all.join()}`, () =>
    all.every((text) => texts(device.seen).includes(text)),
  );
}

/** Generation and epoch of each state of keys that lies on the disk. */
const keysOn = ({ disk }: TestDevice, id: string): string[] =>
  disk.keys(`keys/${id}/`, `keys/${id}/~`).map((key) => key.slice(`keys/${id}/`.length));

async function two(options = {}) {
  const alice = await devices.signUp('alice', options);
  const bob = await devices.signUp('bob');
  const chat = await alice.client.direct(idOf(bob));
  await chat.send('hello');
  await hears(bob, 'hello');
  const theirs = viewOf(bob, chat.id);
  // keys of his own, so that what follows is not mixed with that commit
  await theirs.send('hello Alice');
  await hears(alice, 'hello Alice');
  return { alice, bob, chat, theirs };
}

describe('keys', () => {
  test('are made anew after as many messages as one wants, and the old ones are gone', async () => {
    const { alice, bob, chat } = await two({ rotateAfterMessages: 2 });
    const [before] = keysOn(alice, chat.id);
    const said = ['one', 'two', 'three', 'four', 'five'];
    for (const text of said) {
      await chat.send(text);
      await hears(bob, text);
    }
    await until('Bob has other keys', () => epochOf(keysOn(bob, chat.id)) > epochOf([before!]));
    expect(keysOn(bob, chat.id)).toHaveLength(1);
    expect(keysOn(bob, chat.id)).not.toContain(before);
    expect([alice.alarms, bob.alarms]).toEqual([[], []]);
  }, 60_000);

  test('begin anew from nothing when one wants it', async () => {
    const { alice, bob, chat, theirs } = await two();
    await chat.restart();
    await until('Bob has new keys', () => keysOn(bob, chat.id)[0]?.startsWith('1.'));
    // what was said before may still be on its way to Alice; with the first message behind it her old keys go
    await theirs.send('here they are');
    await hears(alice, 'here they are');
    await until('her old keys are gone', () => keysOn(alice, chat.id).every((key) => key.startsWith('1.')));
    expect([alice.alarms, bob.alarms]).toEqual([[], []]);
  }, 60_000);

  test('to be welcomed with are brought to the server again when some were handed out', async () => {
    const bob = await devices.signUp('bob');
    const stockOf = async (): Promise<number> => {
      const [row] = await rowsOf<{ count: number }>(
        stack.constellation.stores.postgresUrl,
        `SELECT count(*)::int AS count FROM auth.key_packages k
           JOIN auth.devices d ON d.id = k.device_id JOIN auth.users u ON u.id = d.user_id
          WHERE u.ext_id = '${idOf(bob)}' AND NOT k.last_resort`,
      );
      return row!.count;
    };
    await until('there are fifty', async () => (await stockOf()) === 50);
    const alice = await devices.signUp('alice');
    await alice.client.direct(idOf(bob));
    await until('Bob is in', () => bob.client.conversations()[0]);
    expect(await stockOf()).toBe(49);
    await devices.restart(bob);
    await until('there are fifty again', async () => (await stockOf()) === 50);
  }, 60_000);
});

function epochOf(keys: readonly string[]): number {
  return Math.max(...keys.map((key) => Number(key.split('.')[1])));
}

test('what is deleted leaves no copy on any disk, also of an edit that was still waiting', async () => {
  const { alice, bob, chat, theirs } = await two();
  const { id } = await chat.send('a secret word');
  await hears(bob, 'a secret word');
  await until('it is stored', async () => (await chat.message(id))?.place !== undefined);
  // what is sealed takes its turn behind both
  await Promise.all([chat.edit(id, 'another secret word'), chat.deleteForEveryone(id)]);
  await until('Bob has it deleted', async () => (await theirs.message(id))?.body.type === 'deleted');
  await until('Alice has nothing under way', () => alice.client.waiting === 0);
  const copies = [alice, bob].map(({ disk }) =>
    disk.keys('', '~').filter((key) => Buffer.from(disk.get(key)!).includes('secret word')),
  );
  expect(copies).toEqual([[], []]);
}, 60_000);

test('the export brings everything back after all devices were lost', async () => {
  const { alice, bob, chat } = await two();
  const file = await alice.client.exportHistory('a good passphrase');
  expect(Buffer.from(file).includes('hello')).toBe(false);
  const back = await devices.recover(alice, await alice.client.recoveryCode());
  await expect(back.client.importHistory(file, 'another one')).rejects.toMatchObject({
    name: 'HistoryNotReadable',
  });
  expect(back.client.conversations()).toEqual([]);
  expect(await back.client.importHistory(file, 'a good passphrase')).toBe(2);
  expect(await back.client.importHistory(file, 'a good passphrase')).toBe(0);
  const kept = viewOf(back, chat.id);
  expect(texts(await kept.messages())).toEqual(['hello', 'hello Alice']);
  expect(kept.isMember).toBe(false);
  expect([back.alarms, bob.alarms]).toEqual([[], []]);
}, 60_000);
