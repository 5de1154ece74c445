import { sha256 } from '@securechat/crypto/sign';
import { makeKeyPackage } from '@securechat/crypto/testing';
import {
  credentialIdentity,
  keyExchangeTranscript,
  type SignedDeviceList,
  type Upstream,
} from '@securechat/protocol';
import { newMessageId } from './envelope.ts';
import type { Device } from './people.ts';

/** Uploads a fresh key package of this device. Nobody has the private half of its init key. */
export function makeKeyExchange(
  list: SignedDeviceList,
  device: Device,
  options: { lastResort?: boolean } = {},
): Upstream<'key_exchange'> {
  const { lastResort = false } = options;
  const certificate = list.devices.find(({ device_id }) => device_id === device.id);
  if (!certificate) throw new RangeError(`the list does not name ${device.address}`);
  const made = makeKeyPackage({
    key: device.key,
    identity: credentialIdentity(list, certificate),
    lastResort,
  });
  const key = { key_id: made.reference, public_key: made.initKey.toString('base64') };
  const names = { user_id: list.user_id, device_id: device.id };
  const keyPackageSha256 = sha256(made.bytes).toString('base64');
  return {
    type: 'key_exchange',
    id: newMessageId(),
    key_type: 'prekey',
    ...key,
    signature: device.key.sign(keyExchangeTranscript(names, key, { keyPackageSha256 })).toString('base64'),
    key_package: made.bytes.toString('base64'),
    last_resort: lastResort,
  };
}
