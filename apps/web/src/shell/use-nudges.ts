import { useEffect } from 'preact/hooks';
import { useClient } from '../session/session.ts';

/** Makes the client reconnect at once when the network is back or the user looks at the page. */
export function useNudges(): void {
  const client = useClient();
  useEffect(() => {
    const nudge = () => client.nudge();
    const nudgeWhenSeen = () => {
      if (document.visibilityState === 'visible') client.nudge();
    };
    addEventListener('online', nudge);
    document.addEventListener('visibilitychange', nudgeWhenSeen);
    return () => {
      removeEventListener('online', nudge);
      document.removeEventListener('visibilitychange', nudgeWhenSeen);
    };
  }, [client]);
}
