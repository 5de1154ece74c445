import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as files from './files/index.ts';
import * as groupLinks from './group-links/index.ts';
import * as client from './index.ts';

const SOURCES = import.meta.dirname;

/** Apps need the class to tell errors apart. */
test('every class of errors that a person may meet is exported, by the door of its part', () => {
  const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
  const classes = sources
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(SOURCES, file), 'utf8'))
    .flatMap((source) => [...source.matchAll(/^export class (\w+) extends SecureChatError/gm)])
    .map(([, name]) => name);
  const exported = Object.entries({ ...client, ...files, ...groupLinks })
    .filter(([, value]) => typeof value === 'function' && value.prototype instanceof client.SecureChatError)
    .map(([name]) => name);
  expect(exported.sort()).toEqual(classes.sort());
  expect(exported.length).toBeGreaterThan(20);
});

test('those of the encryption say whether to try again, as all others do', () => {
  expect(new client.TooManyDevices(251, 250).isRetryable).toBe(false);
  expect(new client.E2eeError('member').isRetryable).toBe(false);
});
