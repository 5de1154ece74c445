import type { Downstream, Upstream } from '../../catalog.ts';
import type { Refused } from './refused.ts';

/** Requests to push; `device` is the session's. */
export type PushRequests = {
  subscribe: {
    ask: { device: number } & Pick<Upstream<'push_subscribe'>, 'web_push' | 'bridge'>;
    answer: ({ ok: true } & Omit<Downstream<'push_subscribe'>, 'type' | 'ref'>) | Refused;
  };
  unsubscribe: { ask: { device: number }; answer: Record<never, never> };
};
