// Loaded on first use.
export { exportFile, importFile } from './file.ts';
export { sweepTransfers, takePiece, transferOf } from './transfer.ts';
