// A client of the SDK in a process of its own, for a network namespace of its own. Orders come as lines on standard input, answers and
// events go as lines to standard output.
import { createInterface } from 'node:readline';
import { SecureChat } from '@securechat/client';
import { openDirect } from '@securechat/client/direct';
import { MemoryDisk, openMemoryStore } from '@securechat/client/memory';
import { nodePeers } from '@securechat/client/node';
import { openPassage } from './passage.ts';
import type { Heard, Order, TalkerJob } from './talkers.ts';

const job = JSON.parse(process.argv[2] ?? '') as TalkerJob;
const tell = (heard: Heard): void => void process.stdout.write(`${JSON.stringify(heard)}\n`);
const any = { host: '127.0.0.1', port: 0 } as const;
const [auth, gateway] = await Promise.all([
  openPassage(any, { path: job.auth }),
  openPassage(any, { path: job.gateway }),
]);
const client = await SecureChat.signUp({
  store: await openMemoryStore(new MemoryDisk()),
  server: { http: `http://127.0.0.1:${auth.port}`, socket: `ws://127.0.0.1:${gateway.port}/v1/ws` },
  userId: job.userId,
});
client.on('message', ({ message, isNew }) => {
  if (isNew && message.body.type === 'text')
    tell({ text: message.body.text, isOwn: message.isOwn, isEarly: message.isEarly ?? false });
});
const direct = await openDirect(client, {
  makePeer: await nodePeers(),
  ...(job.iceServers ? { iceServers: job.iceServers } : {}),
});
direct.on('path', ({ path }) => tell({ path }));
client.connect();
await client.reachable();
tell({ done: 'begin' });

async function follow(order: Order): Promise<void> {
  if (order.do === 'allow') await direct.allow(order.userId, true);
  else {
    const chat = await client.direct(order.userId);
    for (const text of order.texts) await chat.send(text);
  }
  tell({ done: order.do });
}

let working = Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order;
  working = working.then(() => follow(order));
}
await working;
await client.close();
auth.close();
gateway.close();
