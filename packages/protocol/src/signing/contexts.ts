/**
 * What is signed in each context: tag, field, kind. FROZEN: a tag never changes its meaning and a field never changes
 * its tag, because old signatures must not verify as something new. New fields take new tags. A context's label is
 * `SecureChat/1 <name>`; a signature made in one context is worthless in another.
 */
export type FieldKind = 'string' | 'integer' | 'boolean' | 'base64' | 'list' | 'map';
export type FieldTable = readonly (readonly [tag: number, field: string, kind: FieldKind])[];

/** Both sides sign the same facts under two labels, so that neither proof can be passed off as the other. */
const handshake = [
  [1, 'version', 'string'],
  [2, 'server_id', 'string'],
  [3, 'server_key', 'base64'],
  [4, 'user_id', 'string'],
  [5, 'device_id', 'string'],
  [6, 'public_key', 'base64'],
  [7, 'challenge', 'base64'],
  [8, 'server_challenge', 'base64'],
  [9, 'session_id', 'string'],
  [10, 'timestamp', 'integer'],
  [11, 'client_capabilities', 'list'],
  [12, 'server_capabilities', 'list'],
  /** The certificate's own signature, which covers everything else in it. */
  [13, 'server_cert', 'base64'],
  [14, 'encoding', 'string'],
  [15, 'resume', 'string'],
  [16, 'limits', 'map'],
  /** What the client offered: a downgrade on the way breaks both signatures. */
  [17, 'client_version', 'string'],
  [18, 'client_encoding', 'string'],
] as const satisfies FieldTable;

export const contexts = {
  envelope: [
    [1, 'id', 'string'],
    [2, 'type', 'string'],
    [3, 'from', 'string'],
    [4, 'to', 'string'],
    [5, 'timestamp', 'integer'],
    [6, 'encrypted', 'boolean'],
    [7, 'payload', 'base64'],
    [8, 'metadata', 'map'],
    [9, 'client_seq', 'integer'],
    [10, 'nonce', 'base64'],
    [11, 'device_id', 'string'],
    [12, 'conversation_id', 'string'],
    [13, 'epoch', 'integer'],
    [14, 'generation', 'integer'],
  ],
  /** What two devices tell each other before they are connected directly. */
  p2p: [
    [1, 'id', 'string'],
    [2, 'type', 'string'],
    [3, 'from', 'string'],
    [4, 'to', 'string'],
    [5, 'timestamp', 'integer'],
    [6, 'session_id', 'string'],
    [7, 'payload', 'base64'],
    [8, 'to_device', 'string'],
    [9, 'nonce', 'base64'],
    [10, 'device_id', 'string'],
    [11, 'conversation_id', 'string'],
    [12, 'epoch', 'integer'],
    [13, 'generation', 'integer'],
  ],
  /** What they tell each other afterwards; no server sees it. */
  'p2p-message': [
    [1, 'session_id', 'string'],
    [2, 'sequence', 'integer'],
    [3, 'encrypted_payload', 'base64'],
    [4, 'from', 'string'],
    [5, 'device_id', 'string'],
    [6, 'conversation_id', 'string'],
    [7, 'epoch', 'integer'],
    [8, 'generation', 'integer'],
  ],
  'server-auth': handshake,
  'client-auth': handshake,
  'gateway-cert': [
    [1, 'server_id', 'string'],
    [2, 'public_key', 'base64'],
    [3, 'not_before', 'integer'],
    [4, 'not_after', 'integer'],
    [5, 'service_key_id', 'string'],
  ],
  /** From an older service key: whoever trusts it may trust this one. */
  'service-key-handover': [
    [1, 'service_key', 'base64'],
    [2, 'previous_key', 'base64'],
  ],
  'kt-head': [
    [1, 'size', 'integer'],
    [2, 'root', 'base64'],
    [3, 'created_at', 'integer'],
    [4, 'service_key_id', 'string'],
  ],
  'resume-ticket': [
    [1, 'user_id', 'string'],
    [2, 'device_id', 'string'],
    [3, 'public_key', 'base64'],
    [4, 'user_ref', 'integer'],
    [5, 'device_ref', 'integer'],
    [6, 'ticket_id', 'string'],
    [7, 'issued_at', 'integer'],
    [8, 'expires_at', 'integer'],
    [9, 'service_key_id', 'string'],
  ],
  'device-cert': [
    [1, 'user_id', 'string'],
    [2, 'account_key', 'base64'],
    [3, 'device_id', 'string'],
    [4, 'public_key', 'base64'],
    [5, 'created_at', 'integer'],
  ],
  'device-list': [
    [1, 'user_id', 'string'],
    [2, 'account_key', 'base64'],
    [3, 'version', 'integer'],
    [4, 'previous_sha256', 'base64'],
    [5, 'created_at', 'integer'],
    /** `device_id:public_key` of each device, in the order of the list. */
    [6, 'devices', 'list'],
  ],
  /** Signed by the device's key: it offers this key package as its own. */
  'key-exchange': [
    [1, 'user_id', 'string'],
    [2, 'device_id', 'string'],
    [3, 'key_type', 'string'],
    [4, 'key_id', 'string'],
    [5, 'public_key', 'base64'],
    [6, 'key_package_sha256', 'base64'],
  ],
  /** Signed by the new device's key: proves that the enroller holds it. */
  'device-enrolment': [
    [1, 'user_id', 'string'],
    [2, 'account_key', 'base64'],
    [3, 'device_id', 'string'],
    [4, 'public_key', 'base64'],
    [5, 'list_version', 'integer'],
    [6, 'timestamp', 'integer'],
  ],
  /** Signed by a device of the previous list: it consents to the new device. */
  'device-link': [
    [1, 'user_id', 'string'],
    [2, 'device_id', 'string'],
    [3, 'new_device_id', 'string'],
    [4, 'new_public_key', 'base64'],
    [5, 'list_version', 'integer'],
    /** SHA-256 of the new list's transcript. */
    [6, 'list_sha256', 'base64'],
    [7, 'timestamp', 'integer'],
  ],
  'group-op': [
    [1, 'id', 'string'],
    [2, 'conversation_id', 'string'],
    [3, 'generation', 'integer'],
    [4, 'epoch', 'integer'],
    [5, 'operation', 'string'],
    [6, 'from', 'string'],
    [7, 'device_id', 'string'],
    [8, 'targets', 'list'],
    [9, 'role', 'string'],
    [10, 'added_devices', 'list'],
    [11, 'removed_devices', 'list'],
    [12, 'previous_sha256', 'base64'],
    [13, 'welcome_sha256', 'base64'],
    [14, 'name_sha256', 'base64'],
    [15, 'timestamp', 'integer'],
    [16, 'nonce', 'base64'],
    [17, 'kind', 'string'],
    [18, 'welcome_to', 'list'],
    [19, 'commit_sha256', 'base64'],
    [20, 'replaces_generation', 'integer'],
    [21, 'replaces_epoch', 'integer'],
    [22, 'ban', 'boolean'],
  ],
} as const satisfies Record<string, FieldTable>;

export type SigningContext = keyof typeof contexts;

/** Reserved for later parts of the protocol; not to be used for anything else. */
export const reservedContexts: readonly string[] = [];

export function labelOf(context: SigningContext): string {
  return `SecureChat/1 ${context}`;
}
