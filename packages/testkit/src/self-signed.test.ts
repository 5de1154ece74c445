import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createSelfSigned } from './self-signed.ts';

test('the certificate is valid now, for localhost and its address, and by its own key', () => {
  const certificate = new X509Certificate(createSelfSigned().certificate);
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkIssued(certificate)).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now());
  expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now() + 23 * 3_600_000);
});

test('every certificate has a key of its own', () => {
  expect(createSelfSigned().key).not.toBe(createSelfSigned().key);
});
