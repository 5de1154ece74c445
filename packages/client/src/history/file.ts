import type { Core } from '../conversations/core.ts';
import { exportAll } from './export.ts';
import { importAll } from './import.ts';
import { openHistory, sealHistory } from './passphrase.ts';

export async function exportFile(core: Core, passphrase: string): Promise<Uint8Array> {
  return sealHistory(await exportAll(core), passphrase);
}

/** Returns the number of messages added. Throws `HistoryNotReadable`. */
export async function importFile(core: Core, file: Uint8Array, passphrase: string): Promise<number> {
  return importAll(core, await openHistory(file, passphrase));
}
