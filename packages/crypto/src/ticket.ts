import { randomBytes } from 'node:crypto';
import { base64Length, isBase64, transcript } from '@securechat/protocol';
import { keyId, PUBLIC_KEY_BYTES, type SigningKey, verifySignature } from './sign.ts';

/**
 * A resume ticket: auth's statement about a device, so that any gateway can log it in again without asking. Not a bearer token: logging
 * in with it still needs a fresh `client_auth` by the device key named in it.
 */
export type Ticket = {
  user_id: string;
  device_id: string;
  public_key: string;
  user_ref: number;
  device_ref: number;
  ticket_id: string;
  issued_at: number;
  expires_at: number;
  service_key_id: string;
};

export function issueTicket(key: SigningKey, facts: Omit<Ticket, 'ticket_id' | 'service_key_id'>): string {
  const ticket: Ticket = {
    ...facts,
    ticket_id: randomBytes(12).toString('base64url'),
    service_key_id: keyId(key.publicKey),
  };
  const body = Buffer.from(JSON.stringify(ticket)).toString('base64url');
  return `${body}.${key.sign(transcript('resume-ticket', ticket)).toString('base64url')}`;
}

/** The ticket if one of `serviceKeys` (by key id) signed it and it has not expired; otherwise undefined. */
export function openTicket(
  text: string,
  serviceKeys: ReadonlyMap<string, Uint8Array>,
  nowSeconds: number,
): Ticket | undefined {
  const [body, signature, ...rest] = text.split('.');
  if (!body || !signature || rest.length > 0) return undefined;
  const ticket = parseTicket(body);
  const key = ticket && serviceKeys.get(ticket.service_key_id);
  if (!ticket || !key || nowSeconds >= ticket.expires_at) return undefined;
  const genuine = verifySignature(
    key,
    transcript('resume-ticket', ticket),
    Buffer.from(signature, 'base64url'),
  );
  return genuine ? ticket : undefined;
}

const NAMES = ['user_id', 'device_id', 'ticket_id', 'service_key_id'] as const;
const NUMBERS = ['user_ref', 'device_ref', 'issued_at', 'expires_at'] as const;

function parseTicket(body: string): Ticket | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const ticket = value as Ticket;
  const { public_key } = ticket;
  const isSound =
    NAMES.every(
      (field) => typeof ticket[field] === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(ticket[field]),
    ) &&
    NUMBERS.every((field) => Number.isSafeInteger(ticket[field]) && ticket[field] >= 0) &&
    typeof public_key === 'string' &&
    isBase64(public_key) &&
    base64Length(public_key) === PUBLIC_KEY_BYTES;
  return isSound ? ticket : undefined;
}
