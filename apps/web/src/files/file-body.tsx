import type { FileInfo } from '@securechat/client';
import { IconButton } from '../parts/icon-button.tsx';
import { shownName } from '../text/file-names.ts';
import { sizeText } from '../text/size.ts';
import { Picture } from './picture.tsx';
import { TransferRow } from './transfer-row.tsx';
import { useTransfers } from './use-transfers.ts';

/** `mayLoad`: load pictures automatically, as from accepted people. */
export function FileBodyView({ file, mayLoad }: { file: FileInfo; mayLoad: boolean }) {
  const transfers = useTransfers();
  const moving = transfers.list.find(({ key }) => key === file.fileId);
  const name = shownName(file.name);
  return (
    <div class="file-body">
      {mayLoad && <Picture file={file} />}
      <div class="file-line">
        <IconButton icon="down" label={`Save ${name}`} onClick={() => void transfers.save(file)} />
        <span>
          <bdi class="file-name">{name}</bdi>
          <span class="hint">{sizeText(file.size)}</span>
        </span>
      </div>
      {moving !== undefined && (
        <TransferRow label={`Receiving ${name}`} moving={moving} onDrop={() => transfers.drop(moving.key)} />
      )}
    </div>
  );
}
