import type { Client, Message } from '@securechat/client';
import { searchMessages } from '@securechat/client/search';
import { useEffect, useState } from 'preact/hooks';
import { inBackground } from '../session/in-background.ts';
import { useClient } from '../session/session.ts';

/** With fewer characters nearly every message is found. */
const SEARCHED_FROM = 2;
/** More than anybody reads through. */
const MOST = 50;
/** People go on typing. */
const PAUSE_MS = 250;

/** `isWhole`: all of this device was searched, or as many were found as are shown. */
export type Found = { readonly list: readonly Message[]; readonly isWhole: boolean };

/** The newest messages with these words, as they are found; undefined when nothing is searched. */
export function useFound(wanted: string): Found | undefined {
  const client = useClient();
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    setFound(undefined);
    if (wanted.trim().length < SEARCHED_FROM) return;
    const ending = new AbortController();
    const timer = setTimeout(() => inBackground(search(client, wanted, ending.signal, setFound)), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [client, wanted]);
  return found;
}

async function search(
  client: Client,
  wanted: string,
  signal: AbortSignal,
  tell: (found: Found) => void,
): Promise<void> {
  const list: Message[] = [];
  try {
    for await (const message of searchMessages(client, wanted, { signal })) {
      list.push(message);
      if (list.length === MOST) break;
      tell({ list: [...list], isWhole: false });
    }
    tell({ list, isWhole: true });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
