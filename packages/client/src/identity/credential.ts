import {
  checkerOf,
  DeviceId,
  deviceCertTranscript,
  encodeBase64,
  isSame,
  UserId,
} from '@securechat/protocol';

/** The content of a leaf's credential: a device, its certifying account, and the signed bytes. */
export type CertifiedDevice = {
  readonly userId: string;
  readonly accountKey: Uint8Array<ArrayBuffer>;
  readonly deviceId: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly facts: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
};

const isNoUserId = checkerOf(UserId);
const isNoDeviceId = checkerOf(DeviceId);
const SIGNATURE_BYTES = 64;
const USER_ID = 1;
const ACCOUNT_KEY = 2;
const DEVICE_ID = 3;
const PUBLIC_KEY = 4;
const CREATED_AT = 5;

/**
 * Parses `credentialIdentity` of the protocol: a certificate's transcript and its signature. The transcript is rebuilt from the parsed
 * values and must be identical, so each credential has exactly one encoding. Undefined for anything else. Verifies no signature.
 */
export function readCredential(identity: Uint8Array): CertifiedDevice | undefined {
  const facts = identity.slice(0, -SIGNATURE_BYTES);
  const signature = identity.slice(-SIGNATURE_BYTES);
  const fields = fieldsOf(facts);
  const [userId, accountKey, deviceId] = [
    fields.get(USER_ID),
    fields.get(ACCOUNT_KEY),
    fields.get(DEVICE_ID),
  ];
  const [publicKey, createdAt] = [fields.get(PUBLIC_KEY), fields.get(CREATED_AT)];
  if (!userId || !accountKey || !deviceId || !publicKey || createdAt?.length !== 8) return undefined;
  const text = new TextDecoder();
  const device = {
    userId: text.decode(userId),
    accountKey,
    deviceId: text.decode(deviceId),
    publicKey,
    facts,
    signature,
  };
  const seconds = Number(new DataView(createdAt.buffer).getBigUint64(0));
  // an id with a colon would pass for another user's device, as operations name devices
  const isNamed = !isNoUserId(device.userId) && !isNoDeviceId(device.deviceId);
  return isNamed && isSame(facts, transcriptOf(device, seconds)) ? device : undefined;
}

function transcriptOf(device: Omit<CertifiedDevice, 'facts' | 'signature'>, createdAt: number): Uint8Array {
  try {
    return deviceCertTranscript(
      { user_id: device.userId, account_key: encodeBase64(device.accountKey) },
      {
        device_id: device.deviceId,
        public_key: encodeBase64(device.publicKey),
        created_at: createdAt,
        signature: '',
      },
    );
  } catch {
    // values that no transcript can hold
    return new Uint8Array();
  }
}

/** `u8 length ‖ label`, then fields: `u8 tag ‖ u32be length ‖ value`. */
function fieldsOf(facts: Uint8Array<ArrayBuffer>): Map<number, Uint8Array<ArrayBuffer>> {
  const fields = new Map<number, Uint8Array<ArrayBuffer>>();
  const view = new DataView(facts.buffer);
  let at = 1 + (facts[0] ?? 0);
  while (at + 5 <= facts.length) {
    const end = at + 5 + view.getUint32(at + 1);
    if (end > facts.length) break;
    fields.set(view.getUint8(at), facts.slice(at + 5, end));
    at = end;
  }
  return fields;
}
