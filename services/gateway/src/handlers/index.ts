import type { Upstream, UpstreamName } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { ack } from './ack.ts';
import { chat } from './chat.ts';
import { clientAuth } from './client_auth.ts';
import { clientHello } from './client_hello.ts';
import { deviceList } from './device_list.ts';
import { groupCreate } from './group_create.ts';
import { ping } from './ping.ts';
import { receipt } from './receipt.ts';
import { resume } from './resume.ts';
import { sync } from './sync.ts';

/** `payload` is the frame's payload as it came. A promise only when something must be waited for. */
type Handler<N extends UpstreamName> = (
  connection: Connection,
  message: Upstream<N>,
  payload: Uint8Array,
) => Promise<void> | undefined;

/** What the gateway does with each type a client may send. Total: a type without a handler does not compile. */
export const handlers: { [N in UpstreamName]: Handler<N> } = {
  client_hello: clientHello,
  client_auth: clientAuth,
  ping,
  resume,
  sync,
  ack,
  receipt,
  chat,
  group_create: groupCreate,
  device_list: deviceList,
};
