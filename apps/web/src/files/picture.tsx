import type { FileInfo } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { useClient } from '../session/session.ts';
import { shownName } from '../text/file-names.ts';
import { mayBePicture, pictureOf } from './pictures.ts';

/** Shows a file as a picture if it is one, else nothing: its name is below. */
export function Picture({ file }: { file: FileInfo }) {
  const client = useClient();
  const [address, setAddress] = useState<string>();
  const { fileId } = file;

  useEffect(() => {
    let isGone = false;
    let made: string | undefined;
    async function show(): Promise<void> {
      const drawn = mayBePicture(file) ? await pictureOf(client, file) : undefined;
      if (drawn === undefined || isGone) return;
      made = URL.createObjectURL(drawn);
      setAddress(made);
    }
    void show();
    return () => {
      isGone = true;
      if (made !== undefined) URL.revokeObjectURL(made);
      setAddress(undefined);
    };
  }, [client, fileId]);

  if (address === undefined) return null;
  return <img class="file-picture" src={address} alt={shownName(file.name)} />;
}
