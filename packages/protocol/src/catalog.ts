import type { DownOf, MessageDefinition, UpOf } from './define-message.ts';
import { ack } from './messages/ack.ts';
import { block } from './messages/block.ts';
import { blockList } from './messages/block_list.ts';
import { chat } from './messages/chat.ts';
import { clientAuth } from './messages/client_auth.ts';
import { clientHello } from './messages/client_hello.ts';
import { deviceList } from './messages/device_list.ts';
import { error } from './messages/error.ts';
import { fileAccept } from './messages/file_accept.ts';
import { fileCancel } from './messages/file_cancel.ts';
import { fileChunk } from './messages/file_chunk.ts';
import { fileChunkRequest } from './messages/file_chunk_request.ts';
import { fileDecline } from './messages/file_decline.ts';
import { fileOffer } from './messages/file_offer.ts';
import { fileProgress } from './messages/file_progress.ts';
import { fileStatus } from './messages/file_status.ts';
import { goaway } from './messages/goaway.ts';
import { groupCommit } from './messages/group_commit.ts';
import { groupCreate } from './messages/group_create.ts';
import { groupInfo } from './messages/group_info.ts';
import { groupLeave } from './messages/group_leave.ts';
import { groupMemberAdd } from './messages/group_member_add.ts';
import { groupMemberRemove } from './messages/group_member_remove.ts';
import { groupUpdate } from './messages/group_update.ts';
import { historyTruncated } from './messages/history_truncated.ts';
import { keyBundle } from './messages/key_bundle.ts';
import { keyBundleRequest } from './messages/key_bundle_request.ts';
import { keyCount } from './messages/key_count.ts';
import { keyExchange } from './messages/key_exchange.ts';
import { keyLog } from './messages/key_log.ts';
import { keyLogProof } from './messages/key_log_proof.ts';
import { p2pAnswer } from './messages/p2p_answer.ts';
import { p2pBye } from './messages/p2p_bye.ts';
import { p2pCandidate } from './messages/p2p_candidate.ts';
import { p2pOffer } from './messages/p2p_offer.ts';
import { ping } from './messages/ping.ts';
import { pong } from './messages/pong.ts';
import { presence } from './messages/presence.ts';
import { presencePrivacy } from './messages/presence_privacy.ts';
import { presenceSubscribe } from './messages/presence_subscribe.ts';
import { pushSubscribe } from './messages/push_subscribe.ts';
import { pushUnsubscribe } from './messages/push_unsubscribe.ts';
import { receipt } from './messages/receipt.ts';
import { receiptPrivacy } from './messages/receipt_privacy.ts';
import { resume } from './messages/resume.ts';
import { serverHello } from './messages/server_hello.ts';
import { sessionReady } from './messages/session_ready.ts';
import { sync } from './messages/sync.ts';
import { syncPage } from './messages/sync_page.ts';
import { turnCredentials } from './messages/turn_credentials.ts';
import { typing } from './messages/typing.ts';
import { unblock } from './messages/unblock.ts';

/**
 * The protocol on one screen. The high byte of an id is the family and names its owner: 00 connection (gateway), 01
 * keys and accounts (auth), 02 presence, 03 messages and 04 groups (delivery), 05 files, 06 peer-to-peer signalling
 * (presence).
 */
export const upstream = {
  client_hello: clientHello, // 0x0001
  client_auth: clientAuth, // 0x0003
  ping, // 0x0005
  device_list: deviceList, // 0x0101
  key_exchange: keyExchange, // 0x0102
  key_bundle_request: keyBundleRequest, // 0x0103
  key_count: keyCount, // 0x0105
  turn_credentials: turnCredentials, // 0x0106
  key_log: keyLog, // 0x0107
  key_log_proof: keyLogProof, // 0x0108
  presence, // 0x0201
  presence_subscribe: presenceSubscribe, // 0x0202
  presence_privacy: presencePrivacy, // 0x0203
  typing, // 0x0204
  chat, // 0x0301
  ack, // 0x0302
  receipt, // 0x0303
  resume, // 0x0304
  sync, // 0x0305
  block, // 0x0307
  unblock, // 0x0308
  block_list: blockList, // 0x0309
  receipt_privacy: receiptPrivacy, // 0x030b
  push_subscribe: pushSubscribe, // 0x030c
  push_unsubscribe: pushUnsubscribe, // 0x030d
  group_create: groupCreate, // 0x0401
  group_member_add: groupMemberAdd, // 0x0402
  group_member_remove: groupMemberRemove, // 0x0403
  group_leave: groupLeave, // 0x0404
  group_update: groupUpdate, // 0x0405
  group_commit: groupCommit, // 0x0406
  group_info: groupInfo, // 0x0407
  file_offer: fileOffer, // 0x0501
  file_accept: fileAccept, // 0x0502
  file_decline: fileDecline, // 0x0503
  file_cancel: fileCancel, // 0x0504
  file_chunk: fileChunk, // 0x0505
  file_chunk_request: fileChunkRequest, // 0x0506
  file_progress: fileProgress, // 0x0507
  file_status: fileStatus, // 0x0508
  p2p_offer: p2pOffer, // 0x0601
  p2p_answer: p2pAnswer, // 0x0602
  p2p_candidate: p2pCandidate, // 0x0603
  p2p_bye: p2pBye, // 0x0604
} as const;

export const downstream = {
  server_hello: serverHello, // 0x0002
  session_ready: sessionReady, // 0x0004
  pong, // 0x0006
  error, // 0x0007
  goaway, // 0x0008
  device_list: deviceList, // 0x0101
  key_bundle: keyBundle, // 0x0104
  key_count: keyCount, // 0x0105
  turn_credentials: turnCredentials, // 0x0106
  key_log: keyLog, // 0x0107
  key_log_proof: keyLogProof, // 0x0108
  presence, // 0x0201
  presence_subscribe: presenceSubscribe, // 0x0202
  presence_privacy: presencePrivacy, // 0x0203
  typing, // 0x0204
  chat, // 0x0301
  ack, // 0x0302
  receipt, // 0x0303
  sync_page: syncPage, // 0x0306
  block, // 0x0307
  unblock, // 0x0308
  block_list: blockList, // 0x0309
  history_truncated: historyTruncated, // 0x030a
  receipt_privacy: receiptPrivacy, // 0x030b
  push_subscribe: pushSubscribe, // 0x030c
  push_unsubscribe: pushUnsubscribe, // 0x030d
  group_create: groupCreate, // 0x0401
  group_member_add: groupMemberAdd, // 0x0402
  group_member_remove: groupMemberRemove, // 0x0403
  group_leave: groupLeave, // 0x0404
  group_update: groupUpdate, // 0x0405
  group_commit: groupCommit, // 0x0406
  group_info: groupInfo, // 0x0407
  file_offer: fileOffer, // 0x0501
  file_accept: fileAccept, // 0x0502
  file_decline: fileDecline, // 0x0503
  file_cancel: fileCancel, // 0x0504
  file_chunk: fileChunk, // 0x0505
  file_progress: fileProgress, // 0x0507
  file_status: fileStatus, // 0x0508
  p2p_offer: p2pOffer, // 0x0601
  p2p_answer: p2pAnswer, // 0x0602
  p2p_candidate: p2pCandidate, // 0x0603
  p2p_bye: p2pBye, // 0x0604
} as const;

/** Ids that were used once or are reserved for a type not built yet; never reassigned. */
export const reservedIds: readonly number[] = [];

export type UpstreamName = keyof typeof upstream;
export type DownstreamName = keyof typeof downstream;
export type Upstream<N extends UpstreamName = UpstreamName> = { [K in N]: UpOf<(typeof upstream)[K]> }[N];
export type Downstream<N extends DownstreamName = DownstreamName> = {
  [K in N]: DownOf<(typeof downstream)[K]>;
}[N];

export const upstreamNames = /* @__PURE__ */ Object.keys(upstream) as UpstreamName[];
export const downstreamNames = /* @__PURE__ */ Object.keys(downstream) as DownstreamName[];

function byId<D extends MessageDefinition>(definitions: Record<string, D>): ReadonlyMap<number, D> {
  return new Map(Object.values(definitions).map((definition) => [definition.id, definition]));
}
export const upstreamById = /* @__PURE__ */ byId<MessageDefinition>(upstream);
export const downstreamById = byId<MessageDefinition>(downstream);
