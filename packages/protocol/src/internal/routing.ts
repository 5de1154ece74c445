import type { UpstreamName } from '../catalog.ts';

/**
 * Who handles what a client sends, and how it travels there.
 * `ordered`: through a partitioned stream, in order, with the cursor in Postgres. `request`: through a
 * consumer group, with a deadline and a reply. The gateway answers its own types itself.
 */
export const routing = {
  client_hello: { owner: 'gateway' },
  client_auth: { owner: 'gateway' },
  ping: { owner: 'gateway' },
  resume: { owner: 'gateway' },
  sync: { owner: 'gateway' },
  device_list: { owner: 'auth', path: 'request' },
  chat: { owner: 'delivery', path: 'ordered' },
  group_create: { owner: 'delivery', path: 'ordered' },
  ack: { owner: 'delivery', path: 'ordered' },
  receipt: { owner: 'delivery', path: 'ordered' },
} as const satisfies Record<
  UpstreamName,
  { owner: 'gateway' } | { owner: string; path: 'ordered' | 'request' }
>;

type Routing = typeof routing;
export type Owner = Routing[UpstreamName]['owner'];
export type RoutedTo<O extends Owner> = {
  [N in UpstreamName]: Routing[N]['owner'] extends O ? N : never;
}[UpstreamName];
