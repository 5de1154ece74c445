import type { Identity } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { useClient } from '../session/session.ts';

export type Known = { identity: Identity | undefined; error: unknown; lookAgain(): Promise<void> };

/** A user's identity; reloaded when an alarm concerns them. */
export function useIdentity(userId: string): Known {
  const client = useClient();
  const [known, setKnown] = useState<{ identity?: Identity; error?: unknown }>({});

  async function lookAgain(): Promise<void> {
    try {
      setKnown({ identity: await client.identity(userId) });
    } catch (error) {
      setKnown({ error });
    }
  }

  useEffect(() => {
    void lookAgain();
    return client.on('alarm', (alarm) => {
      if (alarm.userId === userId) void lookAgain();
    });
  }, [client, userId]);

  return { identity: known.identity, error: known.error, lookAgain };
}
