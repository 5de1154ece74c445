import { expect } from '@jest/globals';
import { type CloseReason, closeCodes, type Downstream, type ErrorName, errors } from '@securechat/protocol';
import type { RawClient } from '@securechat/testkit';
import { type Attacker, expectPong, type Stage } from './attacker.ts';

/** Something hostile, and what has to come of it. Whatever that is, nothing is written to Postgres. */
export type BadInput = {
  name: string;
  /** The bytes; made anew each time they are sent. */
  send: (by: Attacker) => Uint8Array | Promise<Uint8Array>;
  /** Where in a connection's life; default: logged in. */
  at?: Stage;
  /** The error that answers it; undefined: nothing does. */
  error?: ErrorName | undefined;
  /** A second one that follows. */
  thenError?: ErrorName;
  /** More that the error frame says. */
  says?: Partial<Downstream<'error'>>;
  /** How the connection ends; undefined: it goes on, and a ping is answered. */
  end?: CloseReason | number | undefined;
};

export async function expectAnswer(
  client: RawClient,
  { error, thenError, says = {} }: BadInput,
): Promise<void> {
  if (error === undefined) return;
  const { code } = errors[error];
  expect(await client.next('error')).toMatchObject({ code, error_code: error, ...says });
  if (thenError) expect(await client.next('error')).toMatchObject({ error_code: thenError });
}

export async function expectFate(client: RawClient, { end }: BadInput): Promise<void> {
  if (end === undefined) await expectPong(client);
  else expect((await client.end()).code).toBe(typeof end === 'number' ? end : closeCodes[end]);
  const ANSWERS = ['error', 'ack', 'chat', 'group_create', 'sync_page', 'device_list', 'session_ready'];
  expect(client.queue.map(({ name }) => name).filter((name) => name && ANSWERS.includes(name))).toEqual([]);
}
