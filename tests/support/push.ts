import type { Upstream } from '@securechat/protocol';
import {
  type Device,
  type Person,
  type PushSubscription,
  type RawClient,
  startWebhookReceiver,
} from '@securechat/testkit';
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

/** A bridge as an operator would have one: takes what is signed with the key, and says how the devices are woken. */
export async function startBridge(key: string) {
  const receiver = await startWebhookReceiver([Buffer.from(key, 'base64')]);
  return {
    url: `${receiver.origin}/wake`,
    get bodies(): Buffer[] {
      return receiver.received.map(({ body }) => body);
    },
    refused: receiver.refused,
    close: receiver.close,
  };
}
