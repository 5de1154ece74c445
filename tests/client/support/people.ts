import { afterEach } from '@jest/globals';
import {
  type Alarm,
  type Client,
  type ClientOptions,
  type Message,
  SecureChat,
  type Store,
} from '@securechat/client';
import { MemoryDisk, openMemoryStore } from '@securechat/client/memory';
import { until } from '@securechat/testkit';
import type { Stack } from '../../support/stack.ts';

/** A device of the SDK in a test: its disk outlives it. */
export type TestDevice = {
  readonly client: Client;
  readonly disk: MemoryDisk;
  readonly alarms: Alarm[];
  /** Everything that was told as new, in the order in which it was told. */
  readonly seen: Message[];
};

export type Options = Omit<ClientOptions, 'store'>;

/** Devices of the SDK against the stack of the file; whatever a test has opened is closed after it, or after all of them. */
export function useDevices(stack: Stack, after = afterEach) {
  const open: TestDevice[] = [];
  let people = 0;
  after(async () => {
    await Promise.all(open.splice(0).map(({ client }) => client.close()));
  });

  const server = (gateway = 0) => ({
    http: stack.constellation.authUrl,
    socket: stack.constellation.gateways[gateway]?.wsUrl ?? '',
  });

  async function online(client: Client, disk: MemoryDisk): Promise<TestDevice> {
    const device: TestDevice = { client, disk, alarms: [], seen: [] };
    client.on('alarm', (alarm) => device.alarms.push(alarm));
    client.on('message', ({ message, isNew }) => {
      if (isNew) device.seen.push(message);
    });
    open.push(device);
    client.connect();
    await until(`${client.me.userId} is connected`, () => client.state === 'connected');
    return device;
  }

  return {
    /** A new person with one device, online. */
    async signUp(
      name: string,
      options: Options & { gateway?: number; socket?: string; store?: Store } = {},
    ): Promise<TestDevice> {
      const { gateway = 0, socket = server(gateway).socket, ...rest } = options;
      const disk = new MemoryDisk();
      const userId = `${name}_${++people}`;
      const store = await openMemoryStore(disk);
      return online(
        await SecureChat.signUp({ store, server: { ...server(gateway), socket }, userId, ...rest }),
        disk,
      );
    },
    /** A further device of the same person. */
    async link(to: TestDevice, options: Options = {}): Promise<TestDevice> {
      const disk = new MemoryDisk();
      const store = await openMemoryStore(disk);
      const link = await SecureChat.link({ store, code: await to.client.linkCode(), ...options });
      await to.client.approveLink(link.code);
      return online(await link.done, disk);
    },
    /** A new device in the place of all others. */
    async recover(lost: TestDevice, recoveryCode: string): Promise<TestDevice> {
      open.splice(open.indexOf(lost), 1);
      await lost.client.close();
      const disk = new MemoryDisk();
      const store = await openMemoryStore(disk);
      const { userId } = lost.client.me;
      return online(await SecureChat.recover({ store, server: server(), userId, recoveryCode }), disk);
    },
    /** The device that is on a disk. */
    async open(disk: MemoryDisk, options: Options = {}): Promise<TestDevice> {
      return online(await SecureChat.open({ store: await openMemoryStore(disk), ...options }), disk);
    },
    /** The same device in a new process. */
    async restart(device: TestDevice, options: Options = {}): Promise<TestDevice> {
      open.splice(open.indexOf(device), 1);
      await device.client.close();
      return this.open(device.disk, options);
    },
  };
}

export const texts = (messages: readonly Message[]): string[] =>
  messages.flatMap(({ body }) => (body.type === 'text' ? [body.text] : []));
