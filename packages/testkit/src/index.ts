export { type MadeKeyPackage, makeKeyPackage, randomX25519Key } from '@securechat/crypto/testing';
export { type ClusterNode, type RedisCluster, type RedisSentinel, SERVICE_FLAGS } from '@securechat/embedded';
export { ChatClient, type ChatClientOptions } from './chat-client/chat-client.ts';
export type { Conversation } from './chat-client/conversations.ts';
export { GroupLog } from './chat-client/group-log.ts';
export type { AckPolicy, ReceivedChat, Watermark } from './chat-client/mailbox.ts';
export { SendRefused } from './chat-client/outgoing.ts';
export { type CheckOptions, checkHistory } from './check-history.ts';
export {
  type Enrolment,
  type EnrolmentProof,
  enrol,
  enrolmentsOf,
  type LinkAuthorization,
  nowSeconds,
  proveEnrolment,
  revokeDevice,
  signDeviceList,
} from './enrolment.ts';
export {
  type Chat,
  type ChatSource,
  type GroupCreate,
  type GroupCreateSource,
  makeChat,
  makeGroupCreate,
  newConversationId,
  newMessageId,
  type Tampering,
} from './envelope.ts';
export { findWords, type Places } from './find-words.ts';
export {
  type ChangeName,
  type ChangeSource,
  makeChange,
  makeGroup,
  operationDigest,
  operationTranscript,
  type Standing,
  someMaterial,
} from './group-operation.ts';
export { type Arrival, History, type HistoryEvent, type Recorded } from './history.ts';
export { makeKeyExchange } from './key-packages.ts';
export { migrate, ROOT } from './migrations.ts';
export { alice, bob, charlie, type Device, dora, type Person, personNamed } from './people.ts';
export { unusedPort } from './ports.ts';
export { createTestDatabase, startOwnPostgres, type TestDatabase, urlForRole } from './postgres.ts';
export {
  type PushService,
  type PushSubscription,
  type ReceivedPush,
  startPushService,
} from './push-service.ts';
export { ANSWER_DEADLINE_MS, type ConnectionEnd, RawClient, type Received } from './raw-client.ts';
export {
  authFor,
  type Hello,
  helloOf,
  type Login,
  type LoginOptions,
  LoginRefused,
  type ServerHello,
  ServerNotProved,
  type ServiceKeyPins,
} from './raw-login.ts';
export { ALPN, openTransport, type RawTarget, type RawTls, SUB_PROTOCOL } from './raw-transport.ts';
export {
  connectRedis,
  keysOf,
  onEachServer,
  openTestRedis,
  reserveKeys,
  sharedUrl,
  startOwnRedis,
  startOwnRedisCluster,
  startOwnRedisSentinel,
  type TestRedis,
} from './redis.ts';
export { createSelfSigned, type SelfSigned } from './self-signed.ts';
export { type OwnServer, say } from './servers/own-server.ts';
export { askRedis, rowsOf } from './stored.ts';
export { DEADLINE_MS, unlessAborted, until, within } from './until.ts';
export {
  type ReceivedWebhook,
  startWebhookReceiver,
  type WebhookAnswer,
  type WebhookReceiver,
} from './webhook-receiver.ts';
