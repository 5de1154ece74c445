import { sha256 } from '@securechat/crypto/sign';
import { credentialIdentity, keyExchangeTranscript, type SignedDeviceList } from '@securechat/protocol';
import { type MadeKeyPackage, makeKeyPackage } from '@securechat/testkit';
import { base64, type Device, type Person } from './lists.ts';

type Changes = Parameters<typeof makeKeyPackage>[1];
export type Enrolled = {
  person: Person;
  device: Device;
  list: SignedDeviceList;
  user: number;
  number: number;
};

/** A key package of this device, or one that is wrong where `changes` say so. */
export function packageOf(
  { device, list }: Enrolled,
  lastResort = false,
  changes: Changes = {},
): MadeKeyPackage {
  const certificate = list.devices.find(({ device_id }) => device_id === device.id);
  if (!certificate) throw new Error('the list does not name this device');
  return makeKeyPackage(
    { key: device.key, identity: credentialIdentity(list, certificate), lastResort },
    changes,
  );
}

/** The gateway's question for an upload, signed as the device would. */
export function uploadOf(owner: Enrolled, made: MadeKeyPackage, lastResort = false) {
  const key = { key_id: made.reference, public_key: base64(made.initKey) };
  const names = { user_id: owner.person.id, device_id: owner.device.id };
  const signed = keyExchangeTranscript(names, key, { keyPackageSha256: base64(sha256(made.bytes)) });
  return {
    kind: 'key_upload',
    user: owner.user,
    device: owner.number,
    ...key,
    signature: base64(owner.device.key.sign(signed)),
    key_package: base64(made.bytes),
    last_resort: lastResort,
  };
}
