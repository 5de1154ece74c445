import type { Conversation, Message } from '@securechat/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { inBackground } from '../session/in-background.ts';
import { useClient } from '../session/session.ts';
import { mergeMessage, prependPage } from './merge-message.ts';

/** More than a screen. */
const PAGE = 50;
/** How many stay on the page while the user reads the newest; older ones come back by scrolling. */
const KEPT = 200;

export type Messages = {
  readonly list: readonly Message[];
  readonly isLoaded: boolean;
  readonly hasOlder: boolean;
  readonly error: unknown;
  /** A page more, or `limit` messages, at most 200. */
  loadOlder(limit?: number): Promise<void>;
  /** The user is at the newest message: old ones may be dropped. */
  trim(): void;
};

/** The messages of a conversation or thread: the newest page, new ones, and older pages on request. */
export function useMessages(conversation: Conversation, threadId: string | undefined): Messages {
  const client = useClient();
  const [list, setList] = useState<readonly Message[]>([]);
  const [state, setState] = useState({ isLoaded: false, hasOlder: false, error: undefined as unknown });
  const isLoading = useRef(false);
  const hasOlder = useRef(state.hasOlder);
  hasOlder.current = state.hasOlder;

  async function load(before: string | undefined, limit = PAGE): Promise<void> {
    if (isLoading.current) return;
    isLoading.current = true;
    try {
      const inThread = threadId === undefined ? {} : { threadId };
      const from = before === undefined ? {} : { before };
      const page = await conversation.messages({ limit, ...inThread, ...from });
      setList((shown) => prependPage(page, shown));
      setState({ isLoaded: true, hasOlder: page.length === limit, error: undefined });
    } catch (error) {
      setState((last) => ({ ...last, error }));
    } finally {
      isLoading.current = false;
    }
  }

  /** A receipt concerns all earlier messages: re-reads those shown, once per burst. */
  async function lookAgain(): Promise<void> {
    const inThread = threadId === undefined ? {} : { threadId };
    const page = await conversation.messages({ limit: KEPT, ...inThread });
    setList((shown) => page.reduce((list, message) => mergeMessage(list, message, hasOlder.current), shown));
  }

  useEffect(() => {
    const endings = [
      client.on('message', ({ conversation: { id }, message }) => {
        if (id !== conversation.id || message.threadId !== threadId) return;
        setList((shown) => mergeMessage(shown, message, hasOlder.current));
      }),
      client.on('vanished', ({ conversation: { id }, messageId }) => {
        if (id === conversation.id) setList((shown) => shown.filter((message) => message.id !== messageId));
      }),
      client.on('receipt', ({ conversation: { id } }) => {
        if (id === conversation.id) inBackground(lookAgain());
      }),
    ];
    void load(undefined);
    return () => {
      for (const end of endings) end();
    };
  }, [client, conversation.id, threadId]);

  function trim(): void {
    if (list.length <= KEPT) return;
    setList((shown) => shown.slice(-KEPT));
    setState((last) => ({ ...last, hasOlder: true }));
  }

  return { list, ...state, loadOlder: (limit) => load(list[0]?.id, limit), trim };
}
