import { withTransaction } from '@securechat/kernel';
import type { ClientBase, Pool } from 'pg';
import { createInviteCode, hashOfInvite } from '../enrolment/admission.ts';
import { changeState, findAccount, findDeviceNumber, insertAudit } from '../store/admin-store.ts';
import { insertInvites } from '../store/invite-store.ts';
import { revokeDevice } from '../store/revocation-store.ts';

export type AccountState = 'active' | 'disabled';

/** What an operator may do. Each is written down in the transaction that does it; false when there is no such account or device. */
export type Admin = {
  /** The codes are known to nobody afterwards but to whom they are given. */
  createInvites(count: number, validSeconds: number): Promise<{ codes: string[]; expiresAt: Date }>;
  /** Cuts service only. The signed list stays as it is: only the account key can speak for the account. */
  revokeDevice(userId: string, deviceId: string): Promise<boolean>;
  setState(userId: string, state: AccountState): Promise<boolean>;
};

/** `publish` tells the gateways what was committed; it never rejects. */
export function createAdmin({ pool, publish }: { pool: Pool; publish: () => Promise<void> }): Admin {
  async function change(
    userId: string,
    work: (client: ClientBase, account: number) => Promise<boolean>,
  ): Promise<boolean> {
    const isDone = await withTransaction(pool, async (client) => {
      const account = await findAccount(client, userId);
      return account !== undefined && (await work(client, account));
    });
    // also when nothing was new: whoever did it first may have died before it could tell
    if (isDone) await publish();
    return isDone;
  }

  return {
    createInvites: (count, validSeconds) =>
      withTransaction(pool, async (client) => {
        const codes = Array.from({ length: count }, createInviteCode);
        const expiresAt = await insertInvites(client, codes.map(hashOfInvite), validSeconds);
        await insertAudit(client, { action: 'create_invites', count });
        return { codes, expiresAt };
      }),

    revokeDevice: (userId, deviceId) =>
      change(userId, async (client, account) => {
        if (!(await revokeDevice(client, account, deviceId))) return false;
        const device = await findDeviceNumber(client, account, deviceId);
        await insertAudit(client, { action: 'revoke_device', account, device });
        return true;
      }),

    setState: (userId, state) =>
      change(userId, async (client, account) => {
        await changeState(client, account, state);
        const action = state === 'active' ? 'enable_account' : 'disable_account';
        await insertAudit(client, { action, account });
        return true;
      }),
  };
}
