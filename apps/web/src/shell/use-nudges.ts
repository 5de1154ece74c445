import { useEffect } from 'preact/hooks';
import { useClient } from '../session/session.ts';

/** Makes the client look at its connection at once when the network comes or goes, or the user looks at the page. */
export function useNudges(): void {
  const client = useClient();
  useEffect(() => {
    const nudge = () => client.nudge();
    const nudgeWhenSeen = () => {
      if (document.visibilityState === 'visible') client.nudge();
    };
    addEventListener('online', nudge);
    addEventListener('offline', nudge);
    document.addEventListener('visibilitychange', nudgeWhenSeen);
    return () => {
      removeEventListener('online', nudge);
      removeEventListener('offline', nudge);
      document.removeEventListener('visibilitychange', nudgeWhenSeen);
    };
  }, [client]);
}
