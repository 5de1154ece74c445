import type { Client } from '@securechat/client';
import type { MakePeer } from '@securechat/client/direct';
import { nodePeers } from '@securechat/client/node';
import { type RenderOptions, render } from 'ink';
import { createElement } from 'react';
import { untilAskedToEnd } from '../session.ts';
import { Messenger } from './messenger.ts';
import { Screen } from './screen.ts';

/** Runs until the person leaves, then restores the terminal. `peers`: how direct connections are made. */
export async function runMessenger(
  client: Client,
  user: string | undefined,
  options: RenderOptions = {},
  peers: () => Promise<MakePeer> = nodePeers,
): Promise<void> {
  const messenger = new Messenger(client, peers);
  const screen = render(createElement(Screen, { messenger }), { alternateScreen: true, ...options });
  client.connect();
  if (user !== undefined) messenger.enter(`/new ${user}`);
  await untilAskedToEnd(
    () => screen.unmount(),
    async () => void (await screen.waitUntilExit()),
  );
  messenger.direct.close();
  messenger.transfers.cancelAll();
}
