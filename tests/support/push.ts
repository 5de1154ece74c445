import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Upstream } from '@securechat/protocol';
import type { Device, Person, PushSubscription, RawClient } from '@securechat/testkit';
import { readMailbox } from './pair.ts';
import type { Stack } from './stack.ts';

type Target = Pick<Upstream<'push_subscribe'>, 'web_push' | 'bridge'>;

export async function subscribe(client: RawClient, target: Target = {}) {
  client.send('push_subscribe', { type: 'push_subscribe', id: 'subscribe', ...target });
  return await client.nextOf(['push_subscribe', 'error']);
}

export const webPush = ({ endpoint, keys }: PushSubscription): Target => ({
  web_push: { endpoint, ...keys },
});

/** A device that has taken all that waits, has subscribed, and is gone. */
export async function fallAsleep(
  stack: Stack,
  person: Person,
  device: number,
  target: Target,
): Promise<Device> {
  const { client } = await stack.login(person, { device });
  await readMailbox(client, { ack: true });
  await subscribe(client, target);
  client.close();
  return person.device(device);
}

/** A bridge as an operator would have one: takes what is signed with the key and new, and says how the devices are woken. */
export async function startBridge(key: string) {
  const bodies: Buffer[] = [];
  const refused: string[] = [];
  const seen = new Set<string>();
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': given = '' } = request.headers;
    const expected = createHmac('sha256', Buffer.from(key, 'base64'))
      .update(`${id}.${at}.`)
      .update(body)
      .digest('base64');
    const [theirs, ours] = [Buffer.from(String(given)), Buffer.from(`v1,${expected}`)];
    const isGenuine = theirs.length === ours.length && timingSafeEqual(theirs, ours);
    const isNew = Math.abs(Date.now() / 1000 - Number(at)) < 300 && !seen.has(String(id));
    seen.add(String(id));
    if (isGenuine && isNew) bodies.push(body);
    else refused.push(String(id));
    response.writeHead(isGenuine && isNew ? 204 : 401).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/wake`,
    bodies,
    refused,
    close: () => void server.close(),
  };
}
