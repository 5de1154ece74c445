import {
  type Client,
  type Link,
  NoAccountHere,
  openIndexedDbStore,
  SecureChat,
  type Store,
} from '@securechat/client';
import { loadConfig, type WebConfig } from '../session/config.ts';
import { loadPreferences } from '../session/preferences.ts';
import { proposedName } from '../text/device-names.ts';

/** An open store, with or without an account in it. */
export type Door = { config: WebConfig; store: Store };

/** What this device is called until its user gives it a name. */
export const ownName = (): string => proposedName(navigator.userAgent);

/** The database of a profile in this browser. */
const storeName = (profile: string) => `securechat-${profile}`;

export async function openDoor(profile: string): Promise<Door> {
  const config = await loadConfig();
  return { config, store: await openIndexedDbStore(storeName(profile)) };
}

/** The client of an earlier visit; undefined when nobody has signed up in this store. */
export async function openClient(
  profile: string,
  { config: { server }, store }: Door,
): Promise<Client | undefined> {
  const { readReceipts } = loadPreferences(profile);
  return unlessNobody(
    SecureChat.open({
      ...{ store, server, deviceName: ownName() },
      ...(readReceipts === undefined ? {} : { readReceipts }),
    }),
  );
}

/** What was begun on an earlier visit and did not end: the other device may have approved since. Undefined when there is nothing. */
export async function resumeLink({ store }: Door): Promise<Link | undefined> {
  return unlessNobody(SecureChat.link({ store, deviceName: ownName() }));
}

async function unlessNobody<T>(entering: Promise<T>): Promise<T | undefined> {
  try {
    return await entering;
  } catch (error) {
    if (error instanceof NoAccountHere) return undefined;
    throw error;
  }
}
