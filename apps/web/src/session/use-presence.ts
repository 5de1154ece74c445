import type { Client, Presence } from '@securechat/client';
import { useEffect, useReducer, useState } from 'preact/hooks';
import { useClient } from './session.ts';

/** The maximum that can be watched; the most recent contacts. */
const MOST_WATCHED = 200;
/** After this time without looking at the page the user is away. */
const AWAY_AFTER_MS = 5 * 60_000;

/** Presence, once loaded; re-renders when somebody's status or typing changes. */
export function usePresence(): Presence | undefined {
  const client = useClient();
  const [presence, setPresence] = useState<Presence>();
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(
    () =>
      whenLoaded(client, (loaded) => {
        setPresence(loaded);
        return (['status', 'typing'] as const).map((event) => loaded.on(event, () => render(undefined)));
      }),
    [client],
  );
  return presence;
}

/** Shows this user as online, or as away while nobody looks at the page; and watches recent contacts. Used once, in the shell. */
export function useBeingThere(isShown: boolean): void {
  const client = useClient();
  useEffect(
    () =>
      whenLoaded(client, (presence) => {
        let away: ReturnType<typeof setTimeout> | undefined;
        const look = () => {
          clearTimeout(away);
          if (!isShown) presence.show('offline');
          else if (!document.hidden) presence.show('online');
          else away = setTimeout(() => presence.show('away'), AWAY_AFTER_MS);
        };
        const watch = () => presence.watch(peersOf(client));
        document.addEventListener('visibilitychange', look);
        look();
        watch();
        return [
          () => clearTimeout(away),
          () => document.removeEventListener('visibilitychange', look),
          client.on('conversation', watch),
        ];
      }),
    [client, isShown],
  );
}

/** Starts when presence is loaded, if still wanted then; returns a function that ends it. */
function whenLoaded(client: Client, begin: (presence: Presence) => (() => void)[]): () => void {
  let endings: (() => void)[] = [];
  let isOver = false;
  void client.presence().then((presence) => {
    if (!isOver) endings = begin(presence);
  });
  return () => {
    isOver = true;
    for (const end of endings) end();
  };
}

function peersOf(client: Client): string[] {
  return client
    .conversations()
    .flatMap(({ peer, isRequest, isBlocked }) => (peer && !isRequest && !isBlocked ? [peer] : []))
    .slice(0, MOST_WATCHED);
}
