// Loaded when it is asked for.
export { exportFile, importFile } from './file.ts';
export { takePiece, transferOf } from './transfer.ts';
