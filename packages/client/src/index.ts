export { E2eeError, TooManyDevices } from '@securechat/crypto/e2ee';
export { AccountKeyNotHere, AnotherAccount, NoAccountHere } from './account/account.ts';
export type * from './api/index.ts';
export type {
  Connection,
  ConnectionEvents,
  ConnectionState,
  Keepsake,
  RequestOptions,
  Session,
} from './connection/connection.ts';
export type { Transport, TransportConnection, TransportEvents } from './connection/transport.ts';
export { BadContent } from './content/shape.ts';
export { CannotDo } from './conversations/operations/built.ts';
export { SecureChat } from './door.ts';
export * from './errors.ts';
export { HistoryNotReadable } from './history/errors.ts';
export { OutboxFull } from './outbox/errors.ts';
export * from './storage/errors.ts';
export { openIndexedDbStore } from './storage/indexeddb.ts';
export type { Change, Entry, ListOptions, Store } from './storage/store.ts';
