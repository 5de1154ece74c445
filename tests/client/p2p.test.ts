import { describe, expect } from '@jest/globals';
import type { Transport } from '@securechat/client';
import { type Direct, type MakePeer, openDirect, type Peer } from '@securechat/client/direct';
import { nodePeers, tcpTransport } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { useEvilServers } from './support/evil-server.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 2, deliveries: 1, presences: 1 });
const { test } = stack;
const devices = useDevices(stack);
const evilServer = useEvilServers(stack);
const PATIENT_MS = 120_000;
const TEST_MS = 300_000;

/** A device that may talk directly, over the loopback address alone, and every end of a channel that it has made. What comes is heard `times` times. */
type Talker = { device: TestDevice; direct: Direct; peers: Peer[]; paths: string[]; failures: unknown[] };

async function talker(device: TestDevice, times = 1): Promise<Talker> {
  const make = await nodePeers({ bindAddress: '127.0.0.1' });
  const peers: Peer[] = [];
  const makePeer: MakePeer = (servers, events) => {
    const text = (frame: string): void => {
      for (let n = 0; n < times; n++) events.text(frame);
    };
    const peer = make(servers, { ...events, text });
    peers.push(peer);
    return peer;
  };
  const direct = await openDirect(device.client, { makePeer });
  const [paths, failures]: [string[], unknown[]] = [[], []];
  direct.on('path', ({ path }) => paths.push(path));
  direct.on('failure', ({ error }) => failures.push(error));
  return { device, direct, peers, paths, failures };
}

const idOf = ({ device }: Talker): string => device.client.me.userId;

async function openPair(of: { socket?: string; transport?: Transport; times?: number } = {}) {
  const { times, ...more } = of;
  const [alice, bob] = await Promise.all([
    devices.signUp('alice', { gateway: 0 }).then((device) => talker(device)),
    devices.signUp('bob', { gateway: 1, ...more }).then((device) => talker(device, times)),
  ]);
  const chat = await alice.device.client.direct(idOf(bob));
  await chat.send('hello');
  const back = await until(
    'Bob has the conversation',
    () => bob.device.client.conversations()[0],
    PATIENT_MS,
  );
  await back.send('hello, Alice');
  await until('Alice was answered', () => texts(alice.device.seen).includes('hello, Alice'), PATIENT_MS);
  return { alice, bob, chat, back };
}

async function bothAllow(alice: Talker, bob: Talker): Promise<void> {
  await alice.direct.allow(idOf(bob), true);
  await bob.direct.allow(idOf(alice), true);
  await isDirect(alice, bob);
}

async function isDirect(alice: Talker, bob: Talker): Promise<void> {
  const both = () => alice.direct.path(idOf(bob)) === 'direct' && bob.direct.path(idOf(alice)) === 'direct';
  await until('both are connected directly', both, PATIENT_MS);
}

const numbered = (count: number, word: string): string[] =>
  Array.from({ length: count }, (_, n) => `${word} ${n}`);
const heardOf = ({ device }: Talker, word: string): string[] =>
  texts(device.seen).filter((text) => text.startsWith(`${word} `));

describe('two who both allow it', () => {
  test(
    'talk directly; what comes is shown once, in order, and the copy of the server takes its place',
    async () => {
      const { alice, bob, chat, back } = await openPair();
      await bothAllow(alice, bob);
      const words = numbered(50, 'direct');
      for (const word of words) await chat.send(word);
      for (const word of numbered(50, 'back')) await back.send(word);
      await until('all have come', () => heardOf(bob, 'direct').length === 50, PATIENT_MS);
      await until('all have come back', () => heardOf(alice, 'back').length === 50, PATIENT_MS);
      expect(heardOf(bob, 'direct')).toEqual(words);
      expect(heardOf(alice, 'back')).toEqual(numbered(50, 'back'));
      // most are there before the server has stored them
      expect(bob.device.seen.filter(({ isEarly }) => isEarly).length).toBeGreaterThan(0);
      await until(
        'the server has brought all',
        async () => {
          const lines = await back.messages({ limit: 200 });
          return lines.length >= 102 && lines.every(({ place, isEarly }) => place !== undefined && !isEarly);
        },
        PATIENT_MS,
      );
      const shown = texts(await back.messages({ limit: 200 }));
      expect(shown.filter((text) => text.startsWith('direct '))).toEqual(words);
      expect([alice.failures, bob.failures, alice.device.alarms, bob.device.alarms]).toEqual([
        [],
        [],
        [],
        [],
      ]);
    },
    TEST_MS,
  );

  test(
    'lose nothing when the path breaks again and again, hear everything once and in order, and find back to it',
    async () => {
      const { alice, bob, chat, back } = await openPair();
      await bothAllow(alice, bob);
      const words = numbered(200, 'cut');
      for (const [n, word] of words.entries()) {
        if (n === 50) alice.peers.at(-1)?.close();
        if (n === 120) bob.peers.at(-1)?.close();
        await chat.send(word);
      }
      await until('all have come', () => heardOf(bob, 'cut').length >= words.length, PATIENT_MS);
      await isDirect(alice, bob);
      expect(bob.paths.filter((path) => path === 'relay').length).toBeGreaterThan(0);
      // which copy of a single message comes first is left to chance
      let again = 0;
      await until(
        'something is heard directly',
        async () => {
          await chat.send(`after ${again++}`);
          return bob.device.seen.some(
            ({ body, isEarly }) => isEarly && body.type === 'text' && body.text.startsWith('after '),
          );
        },
        PATIENT_MS,
      );
      expect(heardOf(bob, 'cut')).toEqual(words);
      await until(
        'the server has brought all',
        async () => {
          const lines = await back.messages({ limit: 200 });
          return lines.every(({ place }) => place !== undefined);
        },
        PATIENT_MS,
      );
      const shown = texts(await back.messages({ limit: 200 })).filter((text) => text.startsWith('cut '));
      expect(shown).toEqual(words.slice(-shown.length));
    },
    TEST_MS,
  );

  test(
    'and their other devices have everything from the server',
    async () => {
      const { alice, bob, chat } = await openPair();
      const [tablet, laptop] = [await devices.link(alice.device), await devices.link(bob.device)];
      const all = () => chat.members().flatMap((member) => member.devices);
      await until('all devices are in the conversation', () => all().length === 4, PATIENT_MS);
      await bothAllow(alice, bob);
      const words = numbered(10, 'everywhere');
      for (const word of words) await chat.send(word);
      for (const device of [bob.device, tablet, laptop])
        await until(
          'it has all',
          () => texts(device.seen).filter((text) => text.startsWith('everywhere ')).length >= 10,
          PATIENT_MS,
        );
      for (const device of [bob.device, tablet, laptop])
        expect(texts(device.seen).filter((text) => text.startsWith('everywhere '))).toEqual(words);
    },
    TEST_MS,
  );

  test(
    'hear what is repeated on the way once, and it is noticed',
    async () => {
      const { alice, bob, chat } = await openPair({ times: 2 });
      await bothAllow(alice, bob);
      const words = numbered(10, 'twice');
      for (const word of words) await chat.send(word);
      await until('all have come', () => heardOf(bob, 'twice').length >= 10, PATIENT_MS);
      await until('it was noticed', () => bob.failures.length > 0, PATIENT_MS);
      expect(heardOf(bob, 'twice')).toEqual(words);
      expect(bob.failures.map(String).every((failure) => failure.includes('said before'))).toBe(true);
    },
    TEST_MS,
  );
});

describe('nobody learns an address', () => {
  test(
    'of who does not allow it, nor of who asks, until both do',
    async () => {
      const { alice, bob, chat } = await openPair();
      await alice.direct.allow(idOf(bob), true);
      await chat.send('only by the server 0');
      await until('it has come', () => heardOf(bob, 'only').length === 1, PATIENT_MS);
      // an end of a channel looks for its addresses, and is what would contact others for them
      expect([alice.peers, bob.peers]).toEqual([[], []]);
      await bob.direct.allow(idOf(alice), true);
      await isDirect(alice, bob);
      await bob.direct.allow(idOf(alice), false);
      await until('the other end is told', () => alice.direct.path(idOf(bob)) === 'relay', PATIENT_MS);
      expect(bob.direct.path(idOf(alice))).toBe('relay');
    },
    TEST_MS,
  );

  test(
    'or a connection by terms that the server has changed',
    async () => {
      const server = await evilServer();
      server.answer = (message) =>
        message.type === 'p2p_offer' && message.to_device !== undefined
          ? { ...message, payload: `AAAA${String(message.payload).slice(4)}` }
          : message;
      const { alice, bob } = await openPair({ socket: server.url, transport: tcpTransport() });
      await bob.direct.allow(idOf(alice), true);
      // of two who ask, the one whose id sorts first calls
      await alice.direct.allow(idOf(bob), true);
      await until('it is noticed', () => bob.device.alarms.length > 0, PATIENT_MS);
      expect(bob.device.alarms[0]?.type).toBe('bad-signature');
      expect([bob.peers, alice.direct.path(idOf(bob))]).toEqual([[], 'relay']);
    },
    TEST_MS,
  );
});
