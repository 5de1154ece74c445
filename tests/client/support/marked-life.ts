import { randomBytes } from 'node:crypto';
import type { Conversation, Message } from '@securechat/client';
import { openFiles } from '@securechat/client/files';
import { openPush, type WebPushTarget } from '@securechat/client/push';
import { until } from '@securechat/testkit';
import { type TestDevice, texts, type useDevices } from './people.ts';

/** Begins everything that people write here, and nothing else. */
export const MARK = `canary${randomBytes(6).toString('hex')}`;
const marked = (what: string): string => `${MARK} ${what}`;
/** Takes longer than a text to be found in a file that is sealed in pieces. */
const FILE_BYTES = 300_000;
const PATIENT_MS = 60_000;

type People = { alice: TestDevice; bob: TestDevice; carol: TestDevice };

/** Everything that people do with the product, all that they write marked. Returns their devices, a linked one among them. */
export async function liveMarked(
  devices: ReturnType<typeof useDevices>,
  push: Omit<WebPushTarget, 'bridge'>,
): Promise<{ devices: TestDevice[]; fileKeys: string[] }> {
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((name) => devices.signUp(name, { deviceName: marked('device') })),
  );
  if (!alice || !bob || !carol) throw new Error('there are to be three people');
  const people = { alice, bob, carol };
  await openPush(bob.client).enable(push);
  const chat = await talk(people);
  const fileKeys = [await sendFile(people, chat, true), await sendFile(people, chat, false)];
  await beInGroup(people);
  const tablet = await devices.link(alice, { deviceName: marked('tablet') });
  await until(
    'the tablet has the history',
    async () => {
      const lines = await tablet.client.conversation(chat.id)?.messages({ limit: 200 });
      return lines !== undefined && texts(lines).includes(marked('first'));
    },
    PATIENT_MS,
  );
  await until(
    'Alice knows what her tablet is called',
    async () => (await alice.client.devices()).some(({ name }) => name === marked('tablet')),
    PATIENT_MS,
  );
  await sleepAndWake(devices, people, chat);
  return { devices: [alice, carol, tablet], fileKeys };
}

async function talk({ alice, bob }: People): Promise<Conversation> {
  const avatar = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(MARK.repeat(20))]);
  await alice.client.setProfile({ displayName: marked('name'), statusText: marked('status'), avatar });
  const chat = await alice.client.direct(bob.client.me.userId);
  const first = await chat.send(marked('first'));
  await until('Bob has it', () => texts(bob.seen).includes(marked('first')), PATIENT_MS);
  const theirs = bob.client.conversation(chat.id);
  if (!theirs) throw new Error('Bob has no conversation');
  await theirs.accept();
  const presence = await Promise.all([alice, bob].map(({ client }) => client.presence()));
  presence[0]?.watch([bob.client.me.userId]);
  presence[1]?.show('busy');
  presence[1]?.typing(chat.id, true);
  await theirs.send({ text: marked('**markdown**'), format: 'markdown' }, { replyTo: first.id });
  await theirs.send(marked('in a thread'), { threadId: first.id });
  await theirs.react(first.id, '👍');
  const preview = {
    url: `https://example.com/${MARK}`,
    title: marked('title'),
    description: marked('description'),
  };
  const wrong = await chat.send({ text: marked('wrong'), preview });
  await stored(alice);
  await chat.edit(wrong.id, marked('edited'));
  const gone = await chat.send(marked('deleted'), { expiresInMs: 60_000 });
  await stored(alice);
  await chat.deleteForEveryone(gone.id);
  await theirs.markRead(first.id);
  await Promise.all([stored(alice), stored(bob)]);
  await until(
    'Bob knows who she is',
    () => bob.client.profile(alice.client.me.userId).statusText === marked('status'),
    PATIENT_MS,
  );
  return chat;
}

const stored = ({ client }: TestDevice) =>
  until('the server has all of it', () => client.waiting === 0, PATIENT_MS);

/** Returns the key of the file. */
async function sendFile({ alice, bob }: People, chat: Conversation, http: boolean): Promise<string> {
  const content = Buffer.from(MARK.repeat(Math.ceil(FILE_BYTES / MARK.length)));
  const file = new File([content], `${MARK}.txt`, { type: `text/${MARK}` });
  const { body } = await openFiles(alice.client, { http }).send(chat, file).done;
  if (body.type !== 'file') throw new Error('a file was to be sent');
  await until('Bob was told', () => bob.seen.some((message) => nameOf(message) === body.fileId), PATIENT_MS);
  const received = await openFiles(bob.client, { http }).receive(body).done;
  if (!Buffer.from(await received.arrayBuffer()).equals(content)) throw new Error('the file is another');
  return body.key;
}

const nameOf = ({ body }: Message): string | undefined => (body.type === 'file' ? body.fileId : undefined);

async function beInGroup({ alice, bob, carol }: People): Promise<void> {
  const group = await alice.client.createGroup({ name: marked('group'), members: [bob.client.me.userId] });
  await group.send(marked('to the group'));
  await group.rename(marked('renamed'));
  await group.add([carol.client.me.userId]);
  await until(
    'Carol is in',
    () => carol.client.conversation(group.id)?.name === marked('renamed'),
    PATIENT_MS,
  );
  await group.send(marked('to Carol'));
  await until('Carol has it', () => texts(carol.seen).includes(marked('to Carol')), PATIENT_MS);
  await group.remove(carol.client.me.userId);
}

/** Bob is away, is woken, and comes back. */
async function sleepAndWake(
  devices: ReturnType<typeof useDevices>,
  { bob }: People,
  chat: Conversation,
): Promise<void> {
  await bob.client.close();
  await chat.send(marked('while you were away'));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const back = await devices.restart(bob);
  await until('Bob has it', () => texts(back.seen).includes(marked('while you were away')), PATIENT_MS);
}
