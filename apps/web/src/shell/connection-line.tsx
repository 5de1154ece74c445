import type { ConnectionState } from '@securechat/client';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { useFailure } from '../session/use-failure.ts';
import { count } from '../text/message-text.ts';

const WORDS: Record<ConnectionState, string> = {
  disconnected: 'Offline',
  connecting: 'Connecting…',
  authenticating: 'Connecting…',
  connected: 'Connected',
};

/** The connection state, and how many messages are waiting. */
export function ConnectionLine() {
  const client = useClient();
  useClientEvents('state', 'outbox');
  const { state, waiting } = client;
  const failure = useFailure();
  return (
    <div class={`connection-line is-${state}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status">
        {WORDS[state]}
        {waiting > 0 && ` · ${count(waiting, 'message')} waiting`}
        {failure !== undefined && ` · ${failure}`}
      </span>
      {state === 'disconnected' && (
        <button type="button" class="text-button" onClick={() => client.nudge()}>
          Try now
        </button>
      )}
    </div>
  );
}
