import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { type Names, namesOf } from '../text/names.ts';

export function useNames(): Names {
  const client = useClient();
  useClientEvents('profile');
  return namesOf(client);
}
