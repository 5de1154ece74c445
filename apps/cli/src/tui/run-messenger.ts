import type { Client } from '@securechat/client';
import { type RenderOptions, render } from 'ink';
import { createElement } from 'react';
import { untilAskedToEnd } from '../session.ts';
import { Messenger } from './messenger.ts';
import { Screen } from './screen.ts';

/** Draws until a person leaves; the terminal is then as it was before. */
export async function runMessenger(
  client: Client,
  user: string | undefined,
  options: RenderOptions = {},
): Promise<void> {
  const messenger = new Messenger(client);
  const screen = render(createElement(Screen, { messenger }), { alternateScreen: true, ...options });
  client.connect();
  if (user !== undefined) messenger.enter(`/new ${user}`);
  await untilAskedToEnd(
    () => screen.unmount(),
    async () => void (await screen.waitUntilExit()),
  );
  messenger.transfers.cancelAll();
}
