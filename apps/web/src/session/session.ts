import type { Client } from '@securechat/client';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Preferences } from './preferences.ts';

/** A user, while the page has their store open. */
export type Session = {
  readonly client: Client;
  readonly profile: string;
  readonly preferences: Preferences;
  /** Saves them; options that a client takes only when opened cause it to be reopened. */
  prefer(change: Partial<Preferences>): void;
  /** Deletes all data of the user in this browser. The account itself stays. */
  forget(): Promise<void>;
};

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('no session: this component belongs below the shell');
  return session;
}

export function useClient(): Client {
  return useSession().client;
}
