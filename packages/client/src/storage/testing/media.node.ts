import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../node/sqlite.ts';
import { type Kind, memory } from './medium.ts';

const sqlite: Kind = {
  name: 'in a file',
  create() {
    const folder = mkdtempSync(join(tmpdir(), 'securechat-store-'));
    return {
      open: () => openSqliteStore(join(folder, 'device.db')),
      remove: async () => rmSync(folder, { recursive: true }),
    };
  },
};

/** The stores available on this platform. */
export const kinds: Kind[] = [memory, sqlite];
