// Internals of the client for whole-system tests. Apps use the package's other entry points.
export { type ConnectionOptions, createConnection } from '../connection/create-connection.ts';
export { type LoginDevice, loginDeviceFrom } from '../connection/login.ts';
export { webSocketTransport } from '../connection/websocket.ts';
export * from '../http/accounts.ts';
export { askServerFacts } from '../http/well-known.ts';
export { firstDeviceList, nextDeviceList } from '../identity/device-list.ts';
export { proveDevice } from '../identity/enrolment.ts';
export * from '../identity/keys.ts';
export * from '../identity/linking.ts';
export { Pins } from '../identity/pins.ts';
export { accountKeyFromRecoveryCode, recoveryCodeOf } from '../identity/recovery-code.ts';
