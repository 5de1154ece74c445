import type { ClientEvents } from '@securechat/client';
import { useEffect, useReducer } from 'preact/hooks';
import { useClient } from './session.ts';

/**
 * Re-renders the component after any of these events; the client's objects are live and only need to be read again. A burst of events
 * causes one rendering.
 */
export function useClientEvents(...names: (keyof ClientEvents)[]): void {
  const client = useClient();
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let isDue = false;
    const renderSoon = () => {
      if (isDue) return;
      isDue = true;
      queueMicrotask(() => {
        isDue = false;
        render(undefined);
      });
    };
    const endings = names.map((name) => client.on(name, renderSoon));
    return () => {
      for (const end of endings) end();
    };
  }, [client, ...names]);
}
