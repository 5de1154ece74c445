import { createHash, createHmac, randomBytes } from 'node:crypto';
import { withTransaction } from '@securechat/kernel';
import type { ClientBase, Pool } from 'pg';
import type { Caller } from './callers.ts';
import { AdminRefused } from './refused.ts';
import { allScopes } from './scopes.ts';

/** A request that changes something. `idempotencyKey` is the caller's name for it, if given. */
export type AdminRequest = { caller: Caller; idempotencyKey: string | undefined; question: string };

/** For commands: as if by the admin token. A person at a terminal does not retry automatically. */
export const atTerminal: AdminRequest = {
  caller: { keyId: undefined, scopes: new Set(allScopes), secret: '' },
  idempotencyKey: undefined,
  question: '',
};

/** 128 random bits. */
const CODE_BYTES = 16;

/**
 * Does the work in one transaction; repeating a named request returns the first answer and does nothing again. A
 * failure leaves no trace, and the same name may be retried. Answers are stored, so they must not contain secrets.
 */
export function once<Answer>(
  pool: Pool,
  request: AdminRequest,
  work: (client: ClientBase) => Promise<Answer>,
): Promise<Answer> {
  const { caller, idempotencyKey, question } = request;
  return withTransaction(pool, async (client) => {
    if (idempotencyKey === undefined) return work(client);
    const name = [caller.keyId ?? '', idempotencyKey];
    const asked = createHash('sha256').update(question).digest();
    // a second request of this name waits here until the first has its answer
    const opened = await client.query(
      `INSERT INTO auth.api_requests (caller, idempotency_key, question_sha256) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING`,
      [...name, asked],
    );
    if (opened.rowCount === 0) return await firstAnswer<Answer>(client, name, asked);
    const answer = await work(client);
    await client.query(
      'UPDATE auth.api_requests SET answer = $3 WHERE caller = $1 AND idempotency_key = $2',
      [...name, JSON.stringify(answer)],
    );
    return answer;
  });
}

async function firstAnswer<Answer>(client: ClientBase, name: string[], asked: Buffer): Promise<Answer> {
  const { rows } = await client.query<{ question_sha256: Buffer; answer: Answer }>(
    'SELECT question_sha256, answer FROM auth.api_requests WHERE caller = $1 AND idempotency_key = $2',
    name,
  );
  const [found] = rows;
  if (!found?.question_sha256.equals(asked)) throw new AdminRefused('key_reused');
  return found.answer;
}

/**
 * Codes for a request: random, or, if it may be repeated, derived from the caller's own secret, so that a retry gets
 * the same codes without their being stored. Nobody without that secret can tell them from random ones.
 */
export function codesFor({ caller, idempotencyKey, question }: AdminRequest, count: number): string[] {
  const codeAt = (index: number): Buffer =>
    idempotencyKey === undefined
      ? randomBytes(CODE_BYTES)
      : createHmac('sha256', caller.secret)
          .update(JSON.stringify(['securechat invite', idempotencyKey, question, index]))
          .digest();
  return Array.from({ length: count }, (_, index) =>
    codeAt(index).subarray(0, CODE_BYTES).toString('base64url'),
  );
}
