import type { AuthRequests } from './requests/auth.ts';
import type { DeliveryRequests } from './requests/delivery.ts';
import type { FilesRequests } from './requests/files.ts';
import type { PresenceRequests } from './requests/presence.ts';
import type { PushRequests } from './requests/push.ts';

export * from './requests/auth.ts';
export * from './requests/delivery.ts';
export * from './requests/files.ts';
export * from './requests/presence.ts';
export * from './requests/push.ts';
export * from './requests/refused.ts';

/** Gateways' requests, by the service that answers them. */
export type Requests = {
  auth: AuthRequests;
  delivery: DeliveryRequests;
  presence: PresenceRequests;
  files: FilesRequests;
  push: PushRequests;
};

/** A question to a service, with its `kind`. */
export type Ask<S extends keyof Requests> = {
  [K in keyof Requests[S]]: { kind: K } & (Requests[S][K] extends { ask: infer A } ? A : never);
}[keyof Requests[S]];

export type Answer<S extends keyof Requests, K extends keyof Requests[S]> = Requests[S][K] extends {
  answer: infer A;
}
  ? A
  : never;
