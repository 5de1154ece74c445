import { createHash } from 'node:crypto';
import type { ClientBase, Pool } from 'pg';
import { findOpenInvite, useInvite } from '../store/invite-store.ts';
import { refuse } from './outcome.ts';

/** What a person was given for admission. */
export type Credentials = { invite?: string; token?: string };

/** Who may create an account. All reasons for refusal look alike. */
export type Admission = {
  /** Before anything about accounts is revealed. */
  check(request: Credentials & { list: { user_id: string } }): Promise<void>;
  /** In the transaction that creates the account. */
  use(client: ClientBase, account: number, request: Credentials): Promise<void>;
};

/** Anyone who reaches the API. */
export const openAdmission: Admission = { check: async () => {}, use: async () => {} };

/** A code is random enough that its plain hash cannot be inverted. */
export const hashOfInvite = (code: string): Buffer => createHash('sha256').update(code).digest();

/** Holders of an unused code, for this user or for anyone. The commit that creates the account also uses up the code. */
export function createInviteAdmission(pool: Pool): Admission {
  return {
    async check({ invite, list }) {
      if (invite === undefined || !(await findOpenInvite(pool, hashOfInvite(invite), list.user_id)))
        refuse('not_admitted', '/invite');
    },
    async use(client, account, { invite = '' }) {
      if (!(await useInvite(client, hashOfInvite(invite), account))) refuse('not_admitted', '/invite');
    },
  };
}
