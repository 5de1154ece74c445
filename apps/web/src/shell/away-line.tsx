import { useEffect, useState } from 'preact/hooks';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { ConnectionLine } from './connection-line.tsx';

/** As in shell.css: below this width the list, which contains the connection line, is hidden. */
const narrow = matchMedia('(max-width: 760px)');

/** On a phone, outside the list: messages are not sent for now, and the status of others may be outdated. */
export function AwayLine() {
  const client = useClient();
  useClientEvents('state');
  const [isNarrow, setNarrow] = useState(narrow.matches);
  useEffect(() => {
    const look = () => setNarrow(narrow.matches);
    narrow.addEventListener('change', look);
    return () => narrow.removeEventListener('change', look);
  }, []);
  return isNarrow && client.state !== 'connected' ? <ConnectionLine /> : null;
}
