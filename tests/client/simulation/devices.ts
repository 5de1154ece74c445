import { type Client, type Message, SecureChat } from '@securechat/client';
import { MemoryDisk, openMemoryStore } from '@securechat/client/memory';
import type { Constellation } from '../../support/constellation.ts';

/** A device of the simulation; its disk is there also while it is switched off. */
export type SimulatedDevice = {
  readonly disk: MemoryDisk;
  readonly userId: string;
  readonly deviceId: string;
  /** Undefined while it is switched off. */
  client: Client | undefined;
  /** What it was told, and should not have been. */
  readonly alarms: string[];
  isRevoked: boolean;
};

type Opened = { client: Client; disk: MemoryDisk };

/** Brings devices to life, and lets them sleep. */
export class Devices {
  readonly all: SimulatedDevice[] = [];
  readonly #constellation: Constellation;

  constructor(constellation: Constellation) {
    this.#constellation = constellation;
  }

  of(userId: string): SimulatedDevice[] {
    return this.all.filter((device) => device.userId === userId && !device.isRevoked);
  }

  async signUp(userId: string, gateway: number): Promise<SimulatedDevice> {
    const disk = new MemoryDisk();
    const { authUrl: http, gateways } = this.#constellation;
    const socket = gateways[gateway % gateways.length]?.wsUrl ?? '';
    const client = await SecureChat.signUp({
      store: await openMemoryStore(disk),
      server: { http, socket },
      userId,
    });
    return this.#add({ client, disk });
  }

  async link(to: SimulatedDevice): Promise<SimulatedDevice | undefined> {
    if (!to.client) return undefined;
    const disk = new MemoryDisk();
    const link = await SecureChat.link({
      store: await openMemoryStore(disk),
      code: await to.client.linkCode(),
    });
    await to.client.approveLink(link.code);
    return this.#add({ client: await link.done, disk });
  }

  async switchOff(device: SimulatedDevice): Promise<void> {
    const { client } = device;
    device.client = undefined;
    await client?.close();
  }

  async switchOn(device: SimulatedDevice): Promise<void> {
    if (device.client || device.isRevoked) return;
    this.#run(device, await SecureChat.open({ store: await openMemoryStore(device.disk) }));
  }

  #add({ client, disk }: Opened): SimulatedDevice {
    const device: SimulatedDevice = { ...client.me, disk, client: undefined, alarms: [], isRevoked: false };
    this.all.push(device);
    this.#run(device, client);
    return device;
  }

  #run(device: SimulatedDevice, client: Client): void {
    client.on('alarm', (alarm) =>
      device.alarms.push(`${alarm.type}: ${alarm.detail} (${alarm.conversationId ?? ''})`),
    );
    client.on('ended', (error) => {
      if (!device.isRevoked) device.alarms.push(`ended: ${error.stack ?? error.message}`);
    });
    device.client = client;
    client.connect();
  }
}

/** Every line of a conversation, oldest first. */
export async function allLines(client: Client, conversationId: string): Promise<Message[]> {
  const conversation = client.conversation(conversationId);
  const lines: Message[] = [];
  for (;;) {
    const before = lines[0]?.id;
    const page =
      (await conversation?.messages({ limit: 200, ...(before === undefined ? {} : { before }) })) ?? [];
    lines.unshift(...page);
    if (page.length < 200) return lines;
  }
}
