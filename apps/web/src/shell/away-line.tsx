import { useEffect, useState } from 'preact/hooks';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { ConnectionLine } from './connection-line.tsx';

/** As in shell.css: the width at which the list, and the line about the connection in it, goes away. */
const narrow = matchMedia('(max-width: 760px)');

/** On a phone, beside the list: what is written goes nowhere for now, and a status of others may be an old one. */
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
