export { FileNotGenuine } from '@securechat/crypto/file-cipher';
export { TransferCancelled, TransferFailed } from './errors.ts';
export { type Files, openFiles, type SendFileOptions } from './files.ts';
export type { FileSource } from './source.ts';
export type { StoredFile, StoredFiles } from './stored.ts';
export type { Progress, Transfer } from './transfer.ts';
