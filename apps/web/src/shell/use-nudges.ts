import { useEffect } from 'preact/hooks';
import { useClient } from '../session/session.ts';

/** Tells the client when trying at once is worth it: the network is back, or a person is looking. */
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
