import { useEffect } from 'preact/hooks';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';

/** Shows the number of unread messages in the tab. */
export function usePageTitle(): void {
  const client = useClient();
  useClientEvents('conversation', 'message');
  const unread = client
    .conversations()
    .filter((conversation) => !conversation.isMuted && !conversation.isRequest)
    .reduce((sum, conversation) => sum + conversation.unread, 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) SecureChat` : 'SecureChat';
  }, [unread]);
}
