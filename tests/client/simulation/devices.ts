import { type Client, DeviceRevoked, type Message, NoAccountHere, SecureChat } from '@securechat/client';
import { MemoryDisk } from '@securechat/client/memory';
import type { Constellation } from '../../support/constellation.ts';
import { type Mortal, mortal } from '../support/mortal.ts';

/** A device of the simulation; its disk is there also while it is switched off. */
export type SimulatedDevice = {
  disk: MemoryDisk;
  readonly userId: string;
  readonly deviceId: string;
  /** Undefined while it is switched off. */
  client: Client | undefined;
  process: Mortal | undefined;
  /** What it was told, and should not have been. */
  readonly alarms: string[];
  /** Somebody has tried to, and may not have heard whether it was done. */
  mayBeRevoked: boolean;
  isRevoked: boolean;
};

type Started = { client: Client; disk: MemoryDisk; process: Mortal };

/** So long the server takes to let a device in, once it was let in. */
const LINK_MS = 30_000;
const DEATH_MS = 10_000;

/** Brings devices to life, lets them sleep, and kills them. */
export class Devices {
  readonly all: SimulatedDevice[] = [];
  readonly #constellation: Constellation;

  constructor(constellation: Constellation) {
    this.#constellation = constellation;
  }

  of(userId: string): SimulatedDevice[] {
    return this.all.filter((device) => device.userId === userId && !device.isRevoked);
  }

  async signUp(userId: string, gateway: number): Promise<void> {
    const disk = new MemoryDisk();
    const process = await mortal(disk);
    const client = await SecureChat.signUp({ ...process, server: this.#server(gateway), userId });
    this.#add({ client, disk, process });
  }

  /** Dies, if `writes` are given, in the middle of it, and goes on with what is left. */
  async link(to: SimulatedDevice, writes?: number): Promise<void> {
    if (!to.client) return;
    const code = await to.client.linkCode();
    let disk = new MemoryDisk();
    let process = await mortal(disk);
    const death = writes === undefined ? undefined : process.die(writes);
    const link = await SecureChat.link({ ...process, code });
    const opened = within(LINK_MS, link.done).finally(() => link.cancel());
    opened.catch(() => undefined);
    await to.client.approveLink(link.code);
    let client = await opened.catch(() => undefined);
    if (!client && death) {
      disk = await within(DEATH_MS, death);
      process = await mortal(disk);
      client = await this.#goOn(process);
    }
    if (!client) return;
    // it has survived
    void process.die(Number.POSITIVE_INFINITY);
    this.#add({ client, disk, process });
  }

  async #goOn(process: Mortal): Promise<Client> {
    try {
      return await SecureChat.open(process);
    } catch (error) {
      if (!(error instanceof NoAccountHere)) throw error;
      const link = await SecureChat.link(process);
      return within(LINK_MS, link.done).finally(() => link.cancel());
    }
  }

  async recover(lost: SimulatedDevice): Promise<void> {
    const { userId, client } = lost;
    const recoveryCode = await client?.recoveryCode();
    if (recoveryCode === undefined) return;
    const before = this.of(userId);
    for (const device of before) {
      device.mayBeRevoked = true;
      await this.switchOff(device);
    }
    const disk = new MemoryDisk();
    const process = await mortal(disk);
    this.#add({
      client: await SecureChat.recover({ ...process, server: this.#server(0), userId, recoveryCode }),
      ...{ disk, process },
    });
    for (const device of before) device.isRevoked = true;
  }

  async switchOff(device: SimulatedDevice): Promise<void> {
    const { client } = device;
    Object.assign(device, { client: undefined, process: undefined });
    await client?.close();
  }

  /** What is on the disk after so many more writes is all that is left of it. */
  async kill(device: SimulatedDevice, writes: number): Promise<void> {
    const { client, process } = device;
    if (!client || !process) return;
    const idle = new Promise((resolve) => setTimeout(resolve, DEATH_MS));
    const disk = await Promise.race([process.die(writes), idle.then(() => process.die(0))]);
    if (device.client !== client) return;
    Object.assign(device, { client: undefined, process: undefined, disk });
    void client.close();
  }

  async switchOn(device: SimulatedDevice): Promise<void> {
    if (device.client || device.isRevoked) return;
    const process = await mortal(device.disk);
    this.#run(device, process, await SecureChat.open(process));
  }

  #server(gateway: number): { http: string; socket: string } {
    const { authUrl: http, gateways } = this.#constellation;
    return { http, socket: gateways[gateway % gateways.length]?.wsUrl ?? '' };
  }

  #add({ client, disk, process }: Started): void {
    const device: SimulatedDevice = {
      ...{ ...client.me, disk, client: undefined, process: undefined, alarms: [] },
      ...{ mayBeRevoked: false, isRevoked: false },
    };
    this.all.push(device);
    this.#run(device, process, client);
  }

  #run(device: SimulatedDevice, process: Mortal, client: Client): void {
    const isAlive = (): boolean => device.client === client;
    client.on('alarm', (alarm) => {
      if (isAlive()) device.alarms.push(`${alarm.type}: ${alarm.detail} (${alarm.conversationId ?? ''})`);
    });
    client.on('ended', (error) => {
      if (!isAlive()) return;
      if (device.mayBeRevoked && error instanceof DeviceRevoked) {
        device.isRevoked = true;
        void this.switchOff(device);
      } else if (!process.isDead) device.alarms.push(`ended: ${error.stack ?? error.message}`);
    });
    Object.assign(device, { client, process });
    client.connect();
  }
}

/** Rejects after `ms`. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(ms);
  return new Promise((resolve, reject) => {
    late.addEventListener('abort', () => reject(late.reason));
    work.then(resolve, reject);
  });
}

/** Every line of a conversation, of all threads or of one, oldest first. */
export async function allLines(
  client: Client,
  conversationId: string,
  threadId?: string,
): Promise<Message[]> {
  const conversation = client.conversation(conversationId);
  const lines: Message[] = [];
  for (;;) {
    const before = lines[0]?.id;
    const page =
      (await conversation?.messages({
        limit: 200,
        ...(before === undefined ? {} : { before }),
        ...(threadId === undefined ? {} : { threadId }),
      })) ?? [];
    lines.unshift(...page);
    if (page.length < 200) return lines;
  }
}
