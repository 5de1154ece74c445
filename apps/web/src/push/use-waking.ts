import { openPush } from '@securechat/client/push';
import { useEffect, useState } from 'preact/hooks';
import { inBackground } from '../session/in-background.ts';
import { fromHash, toHash } from '../session/routes.ts';
import { useClient, useSession } from '../session/session.ts';
import { canBeWoken, register, registrationOf, unregister } from './registration.ts';

export type Waking = {
  /** The server offers push, and this browser supports it. */
  readonly isOffered: boolean;
  readonly isOn: boolean;
  turn(isOn: boolean): Promise<void>;
};

/** Whether this browser is woken while the page is closed. */
export function useWaking(): Waking {
  const { client, profile } = useSession();
  const push = openPush(client);
  const [isServed, setServed] = useState(push.isServed);
  const [isOn, setOn] = useState(false);
  useEffect(() => {
    inBackground(isSubscribed(profile).then(setOn));
    return client.on('state', () => setServed(push.isServed));
  }, [client, profile]);

  async function turn(next: boolean): Promise<void> {
    if (next) {
      if ((await Notification.requestPermission()) !== 'granted')
        throw new Error('The browser does not let this page show notifications; its settings can.');
      await push.enable(await register(profile));
    } else {
      await push.disable(await registrationOf(profile));
      await unregister(profile);
    }
    setOn(next);
  }

  return { isOffered: isServed && canBeWoken(), isOn, turn };
}

/** Renews the subscription on each visit, and answers the worker. Used once, in the shell. */
export function useWorker(): void {
  const { profile } = useSession();
  const client = useClient();
  useEffect(() => {
    inBackground(clearNotes(profile));
    let isSaid = false;
    const sayAgain = () => {
      const push = openPush(client);
      if (isSaid || !push.isServed) return;
      isSaid = true;
      inBackground(subscribeAgain(profile, push));
    };
    sayAgain();
    return client.on('state', sayAgain);
  }, [client, profile]);
  useEffect(() => {
    const follow = ({ data }: MessageEvent) => {
      // invalid input leads to the list
      if (typeof data?.open === 'string') location.hash = toHash(fromHash(data.open));
    };
    navigator.serviceWorker?.addEventListener('message', follow);
    navigator.serviceWorker?.startMessages();
    return () => navigator.serviceWorker?.removeEventListener('message', follow);
  }, []);
}

async function isSubscribed(profile: string): Promise<boolean> {
  const registration = await registrationOf(profile);
  return Boolean(await registration?.pushManager.getSubscription());
}

/** Renews it in case the server has forgotten this browser, the browser its subscription, or the key has changed. */
async function subscribeAgain(profile: string, push: ReturnType<typeof openPush>): Promise<void> {
  const registration = await registrationOf(profile);
  if (registration && Notification.permission === 'granted') await push.enable(registration);
}

/** Obsolete once the user looks at the page. */
async function clearNotes(profile: string): Promise<void> {
  const registration = await registrationOf(profile);
  for (const note of (await registration?.getNotifications()) ?? []) note.close();
}
