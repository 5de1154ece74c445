export { identityQr, isIdentityQrOf } from './qr.ts';
export { safetyNumber } from './safety-number.ts';
