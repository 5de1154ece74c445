import { useEffect, useReducer } from 'preact/hooks';
import { useClient } from '../session/session.ts';
import { type Transfers, transfersOf } from './transfers.ts';

/** Re-renders the component when a transfer starts or ends. */
export function useTransfers(): Transfers {
  const transfers = transfersOf(useClient());
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => transfers.onChange(() => render(undefined)), [transfers]);
  return transfers;
}
