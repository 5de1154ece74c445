import { base64PatternOf, ID_PATTERN, parseJsonObject } from '@securechat/protocol';
import type { Ask, AuthRequests } from '@securechat/protocol/internal';

export type AuthAsk = Ask<'auth'>;
export type AuthKind = keyof AuthRequests;

const id = new RegExp(ID_PATTERN);
const key = new RegExp(base64PatternOf(32));

/** What each kind asks with; gateways have checked the same, so a mismatch is a fault of ours. */
const fields: { [K in AuthKind]: Record<keyof AuthRequests[K]['ask'], RegExp> } = {
  certify: { server_id: id, public_key: key },
  login: { user_id: id, device_id: id, public_key: key },
  device_list: { user_id: id },
};

export function isAuthKind(kind: unknown): kind is AuthKind {
  return typeof kind === 'string' && Object.hasOwn(fields, kind);
}

/** The kind of a request, and all of it when it is well-formed. Throws a ProtocolError when it is not even JSON. */
export function parseAsk(body: Uint8Array): { kind: AuthKind | 'unknown'; ask?: AuthAsk } {
  const ask = parseJsonObject(body);
  if (!isAuthKind(ask.kind)) return { kind: 'unknown' };
  const isSound = Object.entries(fields[ask.kind]).every(([field, pattern]) => {
    const value = ask[field];
    return typeof value === 'string' && pattern.test(value);
  });
  return isSound ? { kind: ask.kind, ask: ask as AuthAsk } : { kind: ask.kind };
}
