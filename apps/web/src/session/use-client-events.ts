import type { ClientEvents } from '@securechat/client';
import { useEffect, useReducer } from 'preact/hooks';
import { useClient } from './session.ts';

/**
 * Renders the component again after any of these events; what the client holds is live, so it only has to be read anew.
 * A burst of events makes one rendering.
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
