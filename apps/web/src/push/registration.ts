import { scopeOf, WORKER } from './place.ts';

type Policy = { createScriptURL(url: string): string };
type TrustedTypes = {
  createPolicy(name: string, rules: Policy): Policy;
};

/** A browser that has not started a worker by then will not. */
const DEADLINE_MS = 10_000;

/** The page's headers allow only this policy, which allows only one address. */
function trustedWorker(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy('securechat-worker', {
    createScriptURL(url) {
      if (url !== WORKER) throw new TypeError(`${url} is not the worker`);
      return url;
    },
  });
  return policy?.createScriptURL(WORKER) ?? WORKER;
}
let policy: Policy | undefined;

export const canBeWoken = () =>
  'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

/** Resolves when the worker runs. */
export async function register(profile: string): Promise<ServiceWorkerRegistration> {
  const registration = await navigator.serviceWorker.register(trustedWorker(), { scope: scopeOf(profile) });
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const active = Promise.withResolvers<void>();
  const look = () => {
    if (worker?.state === 'activated') active.resolve();
    if (worker === null || worker?.state === 'redundant' || signal.aborted)
      active.reject(new Error('The browser does not start what would receive notifications'));
  };
  worker?.addEventListener('statechange', look, { signal });
  signal.addEventListener('abort', look);
  look();
  await active.promise;
  return registration;
}

/** Undefined if push was never enabled for this profile here. */
export async function registrationOf(profile: string): Promise<ServiceWorkerRegistration | undefined> {
  if (!canBeWoken()) return undefined;
  const scope = new URL(scopeOf(profile), location.href).href;
  const found = await navigator.serviceWorker.getRegistration(scope);
  return found?.scope === scope ? found : undefined;
}

/** This also removes the subscription. */
export async function unregister(profile: string): Promise<void> {
  await (await registrationOf(profile))?.unregister();
}
