// npm run demo: two people on two gateways of the running stack, one of them offline half-way. Prints counts at the end.
import { randomBytes } from 'node:crypto';
import { ChatClient, type Conversation, enrol, personNamed, until } from '@securechat/testkit';
import { type Count, countMessages, printCounts } from './demo/count.ts';
import { showEncrypted } from './demo/encrypted.ts';
import { startProgress } from './demo/progress.ts';
import { findStack } from './demo/stack.ts';
import { takeNoOptions } from './read-or-end.ts';

const USAGE = `Usage: npm run demo
Two people write to each other over what npm start runs in another terminal.`;

const MESSAGES = 1_000;
/** Unanswered messages at a time, as in an app of a busy person. */
const IN_FLIGHT = 32;
const DEADLINE_MS = 60_000;

const say = (line: string): void => console.log(line);

/** One person's half of the demo: messages sent, and answers received. */
type Side = { client: ChatClient; conversation: Conversation; ids: string[]; acked: Set<string> };

async function send(side: Side, count: number): Promise<void> {
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next++ < count) {
      // stands for ciphertext: the server never looks inside
      const ack = await side.client.sendChat(side.conversation, randomBytes(256));
      side.ids.push(ack.ref);
      side.acked.add(ack.ref);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
}

async function run(): Promise<boolean> {
  const stack = await findStack();
  const { authUrl, gateways, serviceKey } = stack;
  const [first, second] = gateways as [(typeof gateways)[0], (typeof gateways)[0]];
  const run = randomBytes(3).toString('hex');
  const people = [
    personNamed(`alice_${run}`, { devices: 1 }),
    personNamed(`bob_${run}`, { devices: 1 }),
  ] as const;

  say(
    `1. Two accounts: ${people[0].id} and ${people[1].id}; each device proves its key, each list is signed.`,
  );
  for (const person of people) await enrol(authUrl, person);

  say(`2. Alice connects to ${first.name}, Bob to ${second.name}. Each side proves itself to the other.`);
  const open = (index: 0 | 1, targets: (typeof gateways)[0][]): Promise<ChatClient> =>
    ChatClient.open({
      person: people[index],
      device: people[index].device(0),
      serviceKey,
      gateways: targets,
      waitScale: 0.2,
    });
  // Bob's second connection goes to the other gateway
  const [aliceClient, bobClient] = await Promise.all([open(0, [first]), open(1, [second, first])]);
  const conversation = await aliceClient.groups.createDirect(people[1]);
  await until('Bob knows the conversation', () => bobClient.conversations.has(conversation.id), DEADLINE_MS);
  const alice: Side = { client: aliceClient, conversation, ids: [], acked: new Set() };
  const bob: Side = {
    client: bobClient,
    conversation: { id: conversation.id, peer: people[0].id },
    ids: [],
    acked: new Set(),
  };

  say(`3. Both write ${MESSAGES / 2} messages at once.`);
  const startedAt = performance.now();
  await withProgress('both online', MESSAGES, () => alice.acked.size + bob.acked.size, [
    send(alice, MESSAGES / 2),
    send(bob, MESSAGES / 2),
  ]);

  say(
    `4. Bob goes offline and keeps writing; Alice writes ${MESSAGES / 2} more. The server keeps hers, Bob's device his.`,
  );
  await bobClient.goOffline();
  const bobsRest = send(bob, MESSAGES / 2);
  await withProgress('Alice, stored for Bob', MESSAGES, () => alice.acked.size, [send(alice, MESSAGES / 2)]);

  say(`5. Bob comes back through ${first.name}.`);
  bobClient.goOnline();
  await withProgress(
    'Bob reads and sends the rest',
    2 * MESSAGES,
    () => bobClient.received.length + bob.acked.size,
    [
      bobsRest,
      until('Bob has everything', () => bobClient.received.length >= MESSAGES, DEADLINE_MS),
      until('Alice has everything', () => aliceClient.received.length >= MESSAGES, DEADLINE_MS),
    ],
  );
  const seconds = (performance.now() - startedAt) / 1000;

  const counts: [string, Count][] = [
    ['Alice to Bob', countMessages(alice.ids, alice.acked, aliceClient, bobClient)],
    ['Bob to Alice', countMessages(bob.ids, bob.acked, bobClient, aliceClient)],
  ];
  printCounts(counts);
  await Promise.all([aliceClient.close(), bobClient.close()]);
  const isRight = counts.every(
    ([, count]) => count.delivered === MESSAGES && count.doubled + count.lost + count.disordered === 0,
  );
  say(
    `\n${isRight ? 'Every message arrived once and in order' : 'SOMETHING WENT WRONG: see the counts'}, in ${seconds.toFixed(1)} s.`,
  );
  const isSecret = await showEncrypted(stack, run, say);
  return isRight && isSecret;
}

async function withProgress(
  label: string,
  total: number,
  done: () => number,
  work: Promise<unknown>[],
): Promise<void> {
  const finish = startProgress(label, total, done);
  try {
    await Promise.all(work);
  } finally {
    finish();
  }
}

takeNoOptions(USAGE);
try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  console.error(`The demo could not go on: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
