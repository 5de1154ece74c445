// Loaded when it is asked for.
export { exportFile, importFile } from './file.ts';
export { sweepTransfers, takePiece, transferOf } from './transfer.ts';
