import type { Client } from '@securechat/client';
import type { Direct } from '@securechat/client/direct';
import { useEffect, useReducer, useState } from 'preact/hooks';
import { inBackground } from '../session/in-background.ts';
import { useClient } from '../session/session.ts';

/** One per client; ends with it. */
const opened = new WeakMap<Client, Promise<Direct>>();

function directOf(client: Client): Promise<Direct> {
  const known = opened.get(client);
  if (known !== undefined) return known;
  const direct = import('@securechat/client/direct').then(({ openDirect }) => openDirect(client));
  opened.set(client, direct);
  return direct;
}

/** Direct connections, once that code is loaded; re-renders when a path changes. Undefined where the browser has no support. */
export function useDirect(): Direct | undefined {
  const client = useClient();
  const [direct, setDirect] = useState<Direct>();
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!('RTCPeerConnection' in globalThis)) return;
    let isOver = false;
    let leave: (() => void) | undefined;
    const begin = directOf(client).then((loaded) => {
      if (isOver) return;
      setDirect(loaded);
      leave = loaded.on('path', () => render(undefined));
    });
    inBackground(begin);
    return () => {
      isOver = true;
      leave?.();
    };
  }, [client]);
  return direct;
}
