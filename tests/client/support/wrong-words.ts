import { encodeFrame, upstream } from '@securechat/protocol';
import { makeChat, newConversationId } from '@securechat/testkit';
import type { Stack } from '../../support/stack.ts';

const ASK_MS = 10_000;

/**
 * Says `word` in the clear in every way that is refused: over HTTP and by frames, in bodies, headers, queries and fields, before and
 * after a login. Returns how often it was refused.
 */
export async function sayWrong(stack: Stack, word: string): Promise<number> {
  const { authUrl, files, gateways } = stack.constellation;
  const bases = [authUrl, files[0]?.url ?? '', ...gateways.map(({ opsUrl }) => opsUrl)];
  let refused = 0;
  for (const base of bases) refused += await askWrong(base, word);
  return refused + (await frameWrong(stack, word));
}

async function askWrong(base: string, word: string): Promise<number> {
  const json = { 'content-type': 'application/json' };
  const asked: [string, RequestInit][] = [
    ['/v1/accounts', { method: 'POST', headers: json, body: `{"list":"${word}"` }],
    ['/v1/accounts', { method: 'POST', headers: json, body: JSON.stringify({ list: { user_id: word } }) }],
    ['/v1/accounts', { method: 'POST', headers: { 'content-type': `text/${word}` }, body: word }],
    [`/v1/files?token=${word}`, { headers: { authorization: `Bearer ${word}` } }],
    [
      '/v1/files/f_0123456789abcdefghijkl/chunks/0',
      { method: 'PUT', headers: { authorization: `Bearer ${word}` }, body: word },
    ],
    ['/admin/v1/users', { headers: { authorization: `Bearer ${word}`, 'idempotency-key': word } }],
    [`/livez?word=${word}`, { method: 'DELETE', headers: { cookie: word, referer: `http://x/${word}` } }],
  ];
  let refused = 0;
  for (const [path, options] of asked) {
    const answer = await fetch(base + path, { ...options, signal: AbortSignal.timeout(ASK_MS) });
    if (answer.status >= 400) refused += 1;
    await answer.arrayBuffer();
  }
  return refused;
}

async function frameWrong(stack: Stack, word: string): Promise<number> {
  const eve = await stack.person('eve');
  const before = await stack.connect();
  before.sendAny(upstream.client_hello.id, `{"type":"client_hello","user_id":"${word}`);
  let refused = 0;
  for (const transport of [0, 1]) {
    const { client } = await stack.login(eve, { where: transport });
    const source = {
      from: eve,
      device: eve.device(0),
      to: 'nobody',
      conversationId: newConversationId(),
      clientSeq: 1,
    };
    const unencrypted = makeChat({ ...source, payload: word }, { signed: { encrypted: false as never } });
    const forged = makeChat(
      { ...source, payload: word },
      { unsigned: { signature: Buffer.alloc(64).toString('base64') } },
    );
    for (const message of [unencrypted, forged, { type: 'chat', text: word }, { type: word }]) {
      client.sendFrame(encodeFrame(upstream.chat.id, Buffer.from(JSON.stringify(message))));
      const answer = await client.nextOfAny();
      if (answer.message?.type === 'error') refused += 1;
    }
    client.destroy();
  }
  return refused;
}
