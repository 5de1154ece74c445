// A Postgres that is running, but not set up as a service's program needs it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createOwnDatabase, type OwnDatabase } from '../packages/kernel/src/testing/own-database.ts';
import { runProgram } from './testing/run-program.ts';

let empty: OwnDatabase;
beforeAll(async () => {
  empty = await createOwnDatabase('programs');
});
afterAll(() => empty?.drop());

const listWebhooksFrom = (url: string) => runProgram('auth/src/webhooks.ts', ['list'], { POSTGRES_URL: url });

test('a program whose tables were never made says what to run, with exit code 1 and no stack', async () => {
  expect(await listWebhooksFrom(empty.url)).toEqual({
    ...{ status: 1, out: '' },
    err: expect.stringMatching(/^relation "auth\.\w+" does not exist\. Run the migrations first, .+\n$/),
  });
});

test('a program that is led to no database says where that is set, with exit code 1 and no stack', async () => {
  const nowhere = new URL(empty.url);
  nowhere.pathname = '/nowhere';
  expect(await listWebhooksFrom(nowhere.href)).toEqual({
    ...{ status: 1, out: '' },
    err: 'database "nowhere" does not exist. See the name of the database in POSTGRES_URL.\n',
  });
});
