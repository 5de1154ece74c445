import type { Client } from '@securechat/client';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Preferences } from './preferences.ts';

/** One person, as long as the page has their store open. */
export type Session = {
  readonly client: Client;
  readonly profile: string;
  readonly preferences: Preferences;
  /** Saves them; what the client takes only when it is opened makes it open anew. */
  prefer(change: Partial<Preferences>): void;
  /** Deletes everything that this browser holds of the person. The account itself stays. */
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
