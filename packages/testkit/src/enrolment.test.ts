import { expect, test } from '@jest/globals';
import { sha256, verifySignature } from '@securechat/crypto/sign';
import {
  deviceCertTranscript,
  deviceListTranscript,
  type SignedDeviceList,
  transcript,
} from '@securechat/protocol';
import { enrolmentsOf, proveEnrolment, signDeviceList } from './enrolment.ts';
import { alice, bob, personNamed } from './people.ts';

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

test('a name always gives the same person, and another name another one', () => {
  const again = personNamed('alice');
  expect(again.device(0).publicKey).toBe(alice.device(0).publicKey);
  expect(again.accountKey.publicKey.equals(alice.accountKey.publicKey)).toBe(true);
  const keys = [alice, bob].flatMap((person) => [
    person.accountKey.publicKey.toString('base64'),
    ...person.devices.map((device) => device.publicKey),
  ]);
  expect(new Set(keys).size).toBe(6);
  expect(alice.device(1).address).toBe('alice:laptop');
});

test('a person has as many devices as were asked for, up to ten', () => {
  expect(personNamed('zoe', { devices: 10 }).devices).toHaveLength(10);
  expect(() => personNamed('zoe', { devices: 11 })).toThrow(RangeError);
  expect(() => alice.device(2)).toThrow('alice has no device 2');
});

test('each list is signed, certifies its devices and carries the hash of the one before', () => {
  const lists = enrolmentsOf(personNamed('zoe', { devices: 3 })).map(({ list }) => list);
  expect(lists.map(({ version, devices }) => [version, devices.length])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
  for (const [index, list] of lists.entries()) {
    expectSigned(list);
    const before = lists[index - 1];
    expect(list.previous_sha256).toBe(before && sha256(deviceListTranscript(before)).toString('base64'));
    if (before) expect(list.devices.slice(0, -1)).toEqual(before.devices);
  }
});

function expectSigned(list: SignedDeviceList): void {
  const account = bytes(list.account_key);
  expect(verifySignature(account, deviceListTranscript(list), bytes(list.signature))).toBe(true);
  for (const device of list.devices) {
    const certified = verifySignature(account, deviceCertTranscript(list, device), bytes(device.signature));
    expect(certified).toBe(true);
  }
}

test('the proof of an enrolment is made by the new device over the list it enters', () => {
  const list = signDeviceList(alice, [alice.device(0)]);
  const proof = proveEnrolment(list, alice.device(0), 1_700_000_000);
  const signed = transcript('device-enrolment', {
    user_id: 'alice',
    account_key: list.account_key,
    device_id: 'phone',
    public_key: alice.device(0).publicKey,
    list_version: 1,
    timestamp: 1_700_000_000,
  });
  expect(verifySignature(alice.device(0).key.publicKey, signed, bytes(proof.signature))).toBe(true);
});
