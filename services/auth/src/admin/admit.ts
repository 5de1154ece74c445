import type { Clock } from '@securechat/kernel';
import { SignJWT } from 'jose';
import type { ClientBase } from 'pg';
import type { EnrolmentMode } from '../config.ts';
import { hashOfInvite } from '../enrolment/admission.ts';
import { insertInvites } from '../store/invite-store.ts';
import type { Credential } from './admin.ts';
import { AdminRefused } from './refused.ts';

/** Admits one named user, in the way that the enrolment mode provides. */
export type Admit = {
  /** In the request's transaction. Resolves with the expiry; throws `AdminRefused` in a mode without this. */
  open(client: ClientBase, user: { userId: string; code: string; validSeconds: number }): Promise<Date>;
  /** What the user presents; the same each time. `expiresAt` in Unix seconds. */
  credential(user: { userId: string; code: string; expiresAt: number }): Promise<Credential>;
};

export function createAdmit(parts: {
  mode: EnrolmentMode;
  jwtSecret: string | undefined;
  jwtIssuer: string | undefined;
  jwtAudience: string | undefined;
  jwtUserClaim: string;
  clock: Clock;
}): Admit {
  const { mode, jwtSecret, jwtIssuer = '', jwtAudience = '', jwtUserClaim, clock } = parts;
  if (mode === 'invite') {
    return {
      open: (client, { userId, code, validSeconds }) =>
        insertInvites(client, [hashOfInvite(code)], validSeconds, userId),
      credential: async ({ code }) => ({ invite: code }),
    };
  }
  if (mode === 'jwt' && jwtSecret !== undefined) {
    const key = new TextEncoder().encode(jwtSecret);
    return {
      open: async (_client, { validSeconds }) => new Date(clock.now() + validSeconds * 1000),
      credential: async ({ userId, expiresAt }) => ({
        token: await new SignJWT({ [jwtUserClaim]: userId })
          .setProtectedHeader({ alg: 'HS256' })
          .setIssuer(jwtIssuer)
          .setAudience(jwtAudience)
          .setExpirationTime(expiresAt)
          .sign(key),
      }),
    };
  }
  const refuse = async (): Promise<never> => {
    throw new AdminRefused('nobody_to_let_in');
  };
  return { open: refuse, credential: refuse };
}
