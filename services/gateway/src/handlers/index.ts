import type { Upstream, UpstreamName } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { ack } from './ack.ts';
import { block } from './block.ts';
import { blockList } from './block_list.ts';
import { chat } from './chat.ts';
import { clientAuth } from './client_auth.ts';
import { clientHello } from './client_hello.ts';
import { deviceList } from './device_list.ts';
import { fileAccept } from './file_accept.ts';
import { fileCancel } from './file_cancel.ts';
import { fileChunk } from './file_chunk.ts';
import { fileChunkRequest } from './file_chunk_request.ts';
import { fileDecline } from './file_decline.ts';
import { fileOffer } from './file_offer.ts';
import { fileProgress } from './file_progress.ts';
import { fileStatus } from './file_status.ts';
import { groupCommit } from './group_commit.ts';
import { groupCreate } from './group_create.ts';
import { groupInfo } from './group_info.ts';
import { groupLeave } from './group_leave.ts';
import { groupMemberAdd } from './group_member_add.ts';
import { groupMemberRemove } from './group_member_remove.ts';
import { groupUpdate } from './group_update.ts';
import { keyBundleRequest } from './key_bundle_request.ts';
import { keyCount } from './key_count.ts';
import { keyExchange } from './key_exchange.ts';
import { keyLog } from './key_log.ts';
import { keyLogProof } from './key_log_proof.ts';
import { passSignal } from './pass-signal.ts';
import { ping } from './ping.ts';
import { presence } from './presence.ts';
import { presencePrivacy } from './presence_privacy.ts';
import { presenceSubscribe } from './presence_subscribe.ts';
import { pushSubscribe } from './push_subscribe.ts';
import { pushUnsubscribe } from './push_unsubscribe.ts';
import { receipt } from './receipt.ts';
import { receiptPrivacy } from './receipt_privacy.ts';
import { resume } from './resume.ts';
import { sync } from './sync.ts';
import { turnCredentials } from './turn_credentials.ts';
import { typing } from './typing.ts';
import { unblock } from './unblock.ts';

/** `payload` is the frame's payload as received. Returns a promise only when something must be awaited. */
type Handler<N extends UpstreamName> = (
  connection: Connection,
  message: Upstream<N>,
  payload: Uint8Array,
) => Promise<void> | undefined;

/** The handler of each type that a client may send. Total: a type without a handler does not compile. */
export const handlers: { [N in UpstreamName]: Handler<N> } = {
  client_hello: clientHello,
  client_auth: clientAuth,
  ping,
  resume,
  sync,
  ack,
  receipt,
  chat,
  presence,
  presence_subscribe: presenceSubscribe,
  presence_privacy: presencePrivacy,
  typing,
  receipt_privacy: receiptPrivacy,
  push_subscribe: pushSubscribe,
  push_unsubscribe: pushUnsubscribe,
  group_create: groupCreate,
  group_member_add: groupMemberAdd,
  group_member_remove: groupMemberRemove,
  group_leave: groupLeave,
  group_update: groupUpdate,
  group_commit: groupCommit,
  group_info: groupInfo,
  device_list: deviceList,
  block,
  unblock,
  block_list: blockList,
  key_exchange: keyExchange,
  key_bundle_request: keyBundleRequest,
  key_count: keyCount,
  turn_credentials: turnCredentials,
  key_log: keyLog,
  key_log_proof: keyLogProof,
  p2p_offer: passSignal,
  p2p_answer: passSignal,
  p2p_candidate: passSignal,
  p2p_bye: passSignal,
  file_offer: fileOffer,
  file_accept: fileAccept,
  file_decline: fileDecline,
  file_cancel: fileCancel,
  file_chunk: fileChunk,
  file_chunk_request: fileChunkRequest,
  file_progress: fileProgress,
  file_status: fileStatus,
};
