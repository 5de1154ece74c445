import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSelfSigned, type SelfSigned } from '@securechat/testkit';

type CertificateFiles = SelfSigned & { certificateFile: string; keyFile: string };
export type TlsFiles = { get(): CertificateFiles; remove(): void };

/** One certificate for all gateways, made when the first one asks for it. */
export function createTlsFiles(): TlsFiles {
  let folder: string | undefined;
  let made: CertificateFiles | undefined;
  return {
    get() {
      if (made) return made;
      folder = mkdtempSync(join(tmpdir(), 'securechat-tls-'));
      const files = { certificateFile: join(folder, 'certificate.pem'), keyFile: join(folder, 'key.pem') };
      made = { ...createSelfSigned(), ...files };
      writeFileSync(files.certificateFile, made.certificate);
      writeFileSync(files.keyFile, made.key, { mode: 0o600 });
      return made;
    },
    remove() {
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}
