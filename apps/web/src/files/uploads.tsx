import { shownName } from '../text/file-names.ts';
import { TransferRow } from './transfer-row.tsx';
import { useTransfers } from './use-transfers.ts';

/** Uploads to this conversation or thread. */
export function Uploads({ place }: { place: string }) {
  const transfers = useTransfers();
  return transfers.list
    .filter((moving) => moving.place === place)
    .map((moving) => (
      <TransferRow
        key={moving.key}
        label={`Sending ${shownName(moving.name)}`}
        moving={moving}
        onDrop={() => transfers.drop(moving.key)}
      />
    ));
}
