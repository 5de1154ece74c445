import type { Downstream } from '@securechat/protocol';
import {
  type ChatClient,
  type Conversation,
  checkHistory,
  History,
  type Person,
  type RawClient,
  type RawTarget,
  until,
} from '@securechat/testkit';
import type { Stack } from './stack.ts';

export type Pair = {
  alice: Person;
  bob: Person;
  /** Alice's first device. */
  alices: ChatClient;
  /** Bob's first device. */
  bobs: ChatClient;
  conversation: Conversation;
  history: History;
  /** Violations of what is promised, with the devices that were never online excused. */
  check(): string[];
};

/** Alice and Bob, one device of each online, on different gateways unless told otherwise, with a conversation. */
export async function openPair(
  stack: Stack,
  places: { alice?: number | RawTarget; bob?: number | RawTarget; devices?: number } = {},
): Promise<Pair> {
  const { alice: atAlice = 0, bob: atBob = 1, devices = 2 } = places;
  const [alice, bob] = [await stack.person('alice', { devices }), await stack.person('bob', { devices })];
  const history = new History();
  const alices = await stack.open(alice, { where: atAlice, history });
  const bobs = await stack.open(bob, { where: atBob, history });
  const conversation = await alices.groups.createDirect(bob);
  await until('Bob knows the conversation', () => bobs.conversations.has(conversation.id));
  return {
    alice,
    bob,
    alices,
    bobs,
    conversation,
    history,
    check() {
      const online = new Set(history.events.flatMap((event) => ('device' in event ? [event.device] : [])));
      const devices = [...alice.devices, ...bob.devices].map(({ address }) => address);
      return checkHistory(history.events, { absent: devices.filter((address) => !online.has(address)) });
    },
  };
}

/** The same conversation from the other side. */
export function fromTheOtherSide(conversation: Conversation, self: Person): Conversation {
  return { id: conversation.id, peer: self.id };
}

/** Every client has received this many chats; then the network is quiet. */
export async function allHave(
  clients: readonly ChatClient[],
  count: number,
  deadlineMs?: number,
): Promise<void> {
  const state = (): string =>
    clients.map(({ device, received }) => `${device.address} ${received.length}`).join(', ');
  try {
    await until(
      `everybody has ${count} messages`,
      () => clients.every(({ received }) => received.length >= count),
      deadlineMs,
    );
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${state()}`, { cause: error });
  }
}

type Stored = Downstream<'chat'> | Downstream<'group_create'>;

/** Every message in a raw client's mailbox up to the last page, acknowledged page by page when told to. */
export async function readMailbox(client: RawClient, options: { cursor?: number; ack?: boolean } = {}) {
  const { cursor = 0, ack = false } = options;
  client.send('resume', { type: 'resume', cursor });
  const pages = [];
  for (;;) {
    const page = await client.next('sync_page');
    pages.push(page);
    if (ack && page.through > 0) client.send('ack', { type: 'ack', through: page.through });
    if (page.more) continue;
    const items = pages.flatMap((each) => each.items).filter((item): item is Stored => 'id' in item);
    return { pages, items, through: page.through };
  }
}
