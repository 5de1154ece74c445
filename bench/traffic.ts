// npm run bench:traffic -- [options]: the cost of hiding sizes and times, for each profile of the SDK; see README.md.
import {
  type Client,
  type Conversation,
  type Message,
  SecureChat,
  type TrafficProfile,
  type Transport,
} from '@securechat/client';
import { openMemoryStore } from '@securechat/client/memory';
import { webSocketTransport } from '@securechat/client/testing';
import { until } from '@securechat/testkit';
import { median, quantile } from './measure/statistics.ts';
import { formatNumber, formatTable } from './measure/table.ts';
import { wholeNumbersOrEnd } from './options.ts';
import { startStack } from './stack.ts';

const PROFILES: readonly TrafficProfile[] = ['off', 'standard', 'high'];
/** Lengths of texts as people write them. */
const LENGTHS = [3, 12, 25, 40, 60, 90, 140, 300];
const DUMMIES_AN_HOUR = { off: 0, standard: 12, high: 120 } as const;
const DEADLINE_MS = 180_000;

const USAGE = `Usage: npm run bench:traffic -- [options]
  --messages N   of each profile in a round (default 40)
  --rounds N     (default 3)`;

const { messages, rounds } = wholeNumbersOrEnd(USAGE, { messages: 40, rounds: 3 });

/** A device whose sent bytes are counted, in a conversation with another one. */
type Person = { client: Client; conversation: Conversation; sent(): number };

const delays: Record<TrafficProfile, number[]> = { off: [], standard: [], high: [] };
const bytes: Record<TrafficProfile, number[]> = { off: [], standard: [], high: [] };

/** Waits for each message to be stored, for messages written one after another. */
async function measure({ client, conversation, sent }: Person, profile: TrafficProfile): Promise<void> {
  for (let index = 0; index < messages; index++) {
    const [before, startedAtMs] = [sent(), performance.now()];
    const { id } = await conversation.send('x'.repeat(LENGTHS[index % LENGTHS.length] ?? 1));
    await until('it is stored', async () => isStored(await conversation.message(id)), DEADLINE_MS);
    delays[profile].push(performance.now() - startedAtMs);
    bytes[profile].push(sent() - before);
  }
  if (client.state !== 'connected') throw new Error('the connection was lost; run it again');
}

const isStored = (message: Message | undefined): boolean =>
  message?.status !== undefined && !['queued', 'sent'].includes(message.status);

const stack = await startStack();
const open: Client[] = [];
try {
  const server = { http: stack.authUrl, socket: stack.wsUrls[0] ?? '' };
  const signUp = async (userId: string, more: Partial<Parameters<typeof SecureChat.signUp>[0]> = {}) => {
    const client = await SecureChat.signUp({ server, userId, store: await openMemoryStore(), ...more });
    open.push(client);
    client.connect();
    await client.reachable();
    return client;
  };
  const people = new Map<TrafficProfile, Person>();
  for (const profile of PROFILES) {
    const peer = await signUp(`peer-${profile}`);
    let sent = 0;
    const transport = counted((length) => {
      sent += length;
    });
    const client = await signUp(`writer-${profile}`, { traffic: profile, transport });
    const conversation = await client.direct(peer.me.userId);
    people.set(profile, { client, conversation, sent: () => sent });
  }
  for (let round = 1; round <= rounds; round++) {
    for (const [profile, person] of people) await measure(person, profile);
    console.log(`round ${round} of ${rounds}`);
  }
  // the smallest message has the size of a dummy: they are indistinguishable
  const dummy = Math.min(...bytes.off);
  const rows = PROFILES.map((profile) => [
    profile,
    `${DUMMIES_AN_HOUR[profile]}`,
    formatNumber(DUMMIES_AN_HOUR[profile] * dummy),
    formatNumber(median(bytes[profile])),
    formatNumber(median(delays[profile])),
    formatNumber(quantile(delays[profile], 0.95)),
  ]);
  console.log(
    formatTable([
      ['profile', 'dummies/h', 'bytes/h of them', 'bytes/message', 'delay p50, ms', 'p95'],
      ...rows,
    ]),
  );
} finally {
  await Promise.all(open.map((client) => client.close()));
  await stack.stop();
}

function counted(count: (bytes: number) => void): Transport {
  return {
    async connect(url, events, options) {
      const connection = await webSocketTransport.connect(url, events, options);
      return {
        ...connection,
        send(chunk) {
          count(chunk.length);
          connection.send(chunk);
        },
      };
    },
  };
}
