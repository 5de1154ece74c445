import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SecureChat } from '@securechat/client';
import { openMemoryStore } from '@securechat/client/memory';
import { findWords, until } from '@securechat/testkit';
import { ROOT } from '../tools.ts';
import type { DemoStack } from './stack.ts';

const DEADLINE_MS = 30_000;
/** Words that occur nowhere else. */
const QUESTION = 'Shall we meet under the heliotrope lantern?';
const ANSWER = 'Quarter past nine, and bring the marzipan.';

/**
 * Two users of the SDK chat, end-to-end encrypted; then everything in Postgres, Redis and the logs is searched for their words. Returns
 * whether they understood each other and nobody else did.
 */
export async function showEncrypted(
  stack: DemoStack,
  run: string,
  say: (line: string) => void,
): Promise<boolean> {
  const [first, second] = stack.gateways;
  const open = async (name: string, socket = '') => {
    const server = { http: stack.authUrl, socket };
    const serviceKey = stack.serviceKey.toString('base64');
    const client = await SecureChat.signUp({
      store: await openMemoryStore(),
      server,
      serviceKey,
      userId: `${name}_${run}`,
    });
    client.connect();
    return client;
  };
  say('\n6. Carol and Dave have the SDK: keys on their devices, and words only there.');
  const [carol, dave] = await Promise.all([open('carol', first?.url), open('dave', second?.url)]);
  const heard: string[] = [];
  for (const client of [carol, dave]) {
    client.on('message', ({ message: { body, isOwn, from } }) => {
      if (!isOwn && body.type === 'text') {
        heard.push(body.text);
        say(`   ${from} said: ${body.text}`);
      }
    });
  }
  try {
    await until(
      'both are connected',
      () => carol.state === 'connected' && dave.state === 'connected',
      DEADLINE_MS,
    );
    const chat = await carol.direct(dave.me.userId);
    await chat.send(QUESTION);
    await until('Dave has it', () => heard.includes(QUESTION), DEADLINE_MS);
    await dave.conversation(chat.id)?.send(ANSWER);
    await until('Carol has it', () => heard.includes(ANSWER), DEADLINE_MS);
    const { safetyNumber } = await carol.identity(dave.me.userId);
    say(`   Their safety number, the same for both: ${safetyNumber}`);
  } finally {
    await Promise.all([carol.close(), dave.close()]);
  }
  const logs = join(ROOT, '.data', 'logs');
  const found = await findWords(['heliotrope', 'marzipan'], {
    ...{ postgresUrl: stack.postgresUrl, redisUrl: stack.redisUrl },
    texts: Object.fromEntries(
      readdirSync(logs).map((name) => [name, readFileSync(join(logs, name), 'utf8')]),
    ),
  });
  say(
    found.length === 0
      ? '   Postgres, Redis and the logs hold none of their words.'
      : `   THEIR WORDS WERE FOUND: ${found.join('; ')}`,
  );
  return found.length === 0;
}
