import {
  base64Length,
  base64PatternOf,
  ID_PATTERN,
  isBase64,
  MAX_KEY_PACKAGE_BYTES,
  parseJsonObject,
} from '@securechat/protocol';
import type { Ask, AuthRequests } from '@securechat/protocol/internal';

export type AuthAsk = Ask<'auth'>;
export type AuthKind = keyof AuthRequests;

type Check = (value: unknown) => boolean;
const text =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const id = text(new RegExp(ID_PATTERN));
const key = text(new RegExp(base64PatternOf(32)));
const signature = text(new RegExp(base64PatternOf(64)));
const number: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const flag: Check = (value) => typeof value === 'boolean';
const keyPackage: Check = (value) =>
  typeof value === 'string' && isBase64(value) && base64Length(value) <= MAX_KEY_PACKAGE_BYTES;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const list: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  id((value as Record<string, unknown>).user_id) &&
  key((value as Record<string, unknown>).sha256);

/** The fields of each kind; gateways have checked the same, so a mismatch is our fault. */
const fields: { [K in AuthKind]: { [F in keyof AuthRequests[K]['ask']]-?: Check } } = {
  certify: { server_id: id, public_key: key },
  login: { user_id: id, device_id: id, public_key: key },
  device_list: { user_id: id },
  key_upload: {
    user: number,
    device: number,
    key_id: id,
    public_key: key,
    signature,
    key_package: keyPackage,
    last_resort: flag,
  },
  key_claim: { user: number, device: number, id, user_id: id, device_id: optional(id) },
  key_count: { device: number },
  turn: { user: number },
  key_log: { from: count },
  key_log_proof: { size: number, list: optional(list), first: optional(count) },
};

function isAuthKind(kind: unknown): kind is AuthKind {
  return typeof kind === 'string' && Object.hasOwn(fields, kind);
}

/** A request's kind, and all of it if well-formed. Throws a ProtocolError when it is not even JSON. */
export function parseAsk(body: Uint8Array): { kind: AuthKind | 'unknown'; ask?: AuthAsk } {
  const ask = parseJsonObject(body);
  if (!isAuthKind(ask.kind)) return { kind: 'unknown' };
  const isSound = Object.entries(fields[ask.kind]).every(([field, check]) => check(ask[field]));
  return isSound ? { kind: ask.kind, ask: ask as AuthAsk } : { kind: ask.kind };
}
