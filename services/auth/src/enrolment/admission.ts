import { createHash } from 'node:crypto';
import type { ClientBase, Pool } from 'pg';
import { findOpenInvite, useInvite } from '../store/invite-store.ts';
import { refuse } from './outcome.ts';

/** What a person was given to be let in. */
export type Credentials = { invite?: string; token?: string };

/** Who may create an account. Everything that does not let in is refused alike. */
export type Admission = {
  /** Before anything about accounts is told. */
  check(request: Credentials & { list: { user_id: string } }): Promise<void>;
  /** In the transaction that makes the account. */
  use(client: ClientBase, account: number, request: Credentials): Promise<void>;
};

/** Whoever reaches the API. */
export const openAdmission: Admission = { check: async () => {}, use: async () => {} };

/** A code is random enough that its plain hash cannot be turned back. */
export const hashOfInvite = (code: string): Buffer => createHash('sha256').update(code).digest();

/** Who holds a code that nobody has used, for this user or for anybody. It is used up by the very commit that makes the account. */
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
