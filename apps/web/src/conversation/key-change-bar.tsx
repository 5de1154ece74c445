import type { Conversation } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { useNames } from '../parts/use-names.ts';
import { toHash } from '../session/routes.ts';
import { useClient } from '../session/session.ts';

/** Shown above a conversation with a member whose key has changed: nothing is sent until the user has checked it. */
export function KeyChangeBar({ conversation }: { conversation: Conversation }) {
  const { nameOf } = useNames();
  const changed = useChanged(conversation);
  return (
    <>
      {changed.map((userId) => (
        <div key={userId} class="warning-bar" role="alert">
          <Icon name="alert" />
          <p>{nameOf(userId)} has new keys. Nothing is sent before you have looked at them.</p>
          <a class="button" href={toHash({ page: 'person', userId })}>
            Compare
          </a>
        </div>
      ))}
    </>
  );
}

function useChanged(conversation: Conversation): readonly string[] {
  const client = useClient();
  const [changed, setChanged] = useState<readonly string[]>([]);
  const others = conversation.memberIds.filter((userId) => userId !== client.me.userId);

  useEffect(() => {
    let isGone = false;
    async function look(): Promise<void> {
      // a user who cannot be looked up now (never seen, and no connection) has not changed keys either
      const looked = await Promise.allSettled(others.map((userId) => client.identity(userId)));
      const known = looked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      if (!isGone) setChanged(known.filter(({ trust }) => trust === 'changed').map(({ userId }) => userId));
    }
    void look();
    const unlisten = client.on('alarm', (alarm) => {
      if (alarm.type === 'key-change') void look();
    });
    return () => {
      isGone = true;
      unlisten();
    };
  }, [client, others.join('\n')]);

  return changed;
}
