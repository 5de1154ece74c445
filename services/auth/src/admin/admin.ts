import { randomBytes } from 'node:crypto';
import { withTransaction } from '@securechat/kernel';
import type { ClientBase, Pool } from 'pg';
import { hashOfInvite } from '../enrolment/admission.ts';
import { type Export, exportUser } from '../erasure/export.ts';
import {
  type AccountRow,
  changeState,
  type DeviceRow,
  describeAccount,
  findAccount,
  findDeviceNumber,
  insertAudit,
  listAccounts,
} from '../store/admin-store.ts';
import { askErasure, type ErasureRow, findErasure, isBeingErased } from '../store/erasure-store.ts';
import { insertInvites, listOpenInvites, type OpenInviteRow } from '../store/invite-store.ts';
import { revokeAllDevices, revokeDevice } from '../store/revocation-store.ts';
import type { Admit } from './admit.ts';
import { type AdminRequest, codesFor, once } from './once.ts';
import { AdminRefused } from './refused.ts';

export type AccountState = 'active' | 'disabled';
export type Credential = { invite: string } | { token: string };

/**
 * What an operator or a product's backend may do. Each change is recorded in the audit log, with the key that made
 * it, in the same transaction; all of them throw `AdminRefused`.
 */
export type Admin = {
  /** The codes are known only to whoever receives them. */
  createInvites(
    request: AdminRequest,
    count: number,
    validSeconds: number,
  ): Promise<{ codes: string[]; expiresAt: number }>;
  /** Invites that can still be used, without their codes. */
  listInvites(after: Buffer | undefined, limit: number): Promise<OpenInviteRow[]>;
  /** Resolves with a credential that lets exactly this user create its account. */
  admit(
    request: AdminRequest,
    userId: string,
    validSeconds: number,
  ): Promise<{ credential: Credential; expiresAt: number }>;
  /** Only ends service. The signed list stays as it is: only the account key can speak for the account. */
  revokeDevice(request: AdminRequest, userId: string, deviceId: string): Promise<void>;
  setState(request: AdminRequest, userId: string, state: AccountState): Promise<void>;
  listAccounts(after: string, limit: number): Promise<AccountRow[]>;
  describeAccount(userId: string): Promise<AccountRow & { devices: DeviceRow[] }>;
  /** Cuts off all devices at once; stored data is erased in the background. A repeated call returns the same erasure. */
  eraseAccount(request: AdminRequest, userId: string): Promise<string>;
  describeErasure(id: string): Promise<ErasureRow>;
  /** All that the server has of a user, without content. */
  exportAccount(request: AdminRequest, userId: string): Promise<Export>;
};

/** `publish` tells the gateways what was committed; it never rejects. */
export function createAdmin(parts: { pool: Pool; admit: Admit; publish: () => Promise<void> }): Admin {
  const { pool, admit, publish } = parts;

  async function change(
    request: AdminRequest,
    userId: string,
    work: (client: ClientBase, account: number) => Promise<void>,
  ): Promise<void> {
    await once(pool, request, async (client) => {
      const account = await findAccount(client, userId);
      if (account === undefined) throw new AdminRefused('no_such_account');
      await work(client, account);
      return {};
    });
    // also when nothing was new: the process that did it first may have died before telling
    await publish();
  }

  return {
    createInvites: (request, count, validSeconds) => createInvites(pool, request, count, validSeconds),

    listInvites: (after, limit) => listOpenInvites(pool, after, limit),

    async admit(request, userId, validSeconds) {
      const [code = ''] = codesFor(request, 1);
      const { expiresAt } = await once(pool, request, async (client) => {
        if ((await findAccount(client, userId)) !== undefined) throw new AdminRefused('name_taken');
        await insertAudit(client, { action: 'admit_user', keyId: request.caller.keyId });
        return { expiresAt: secondsOf(await admit.open(client, { userId, code, validSeconds })) };
      });
      return { credential: await admit.credential({ userId, code, expiresAt }), expiresAt };
    },

    revokeDevice: (request, userId, deviceId) =>
      change(request, userId, async (client, account) => {
        if (!(await revokeDevice(client, account, deviceId))) throw new AdminRefused('no_such_account');
        const device = await findDeviceNumber(client, account, deviceId);
        await insertAudit(client, { action: 'revoke_device', keyId: request.caller.keyId, account, device });
      }),

    setState: (request, userId, state) =>
      change(request, userId, async (client, account) => {
        if (await isBeingErased(client, account)) throw new AdminRefused('being_erased');
        await changeState(client, account, state);
        const action = state === 'active' ? 'enable_account' : 'disable_account';
        await insertAudit(client, { action, keyId: request.caller.keyId, account });
      }),

    listAccounts: (after, limit) => listAccounts(pool, after, limit),

    async describeAccount(userId) {
      const found = await describeAccount(pool, userId);
      if (!found) throw new AdminRefused('no_such_account');
      return found;
    },

    async eraseAccount(request, userId) {
      const { id } = await once(pool, request, async (client) => {
        const account = await findAccount(client, userId);
        if (account === undefined) throw new AdminRefused('no_such_account');
        return { id: await beginErasure(client, { account, userId, keyId: request.caller.keyId }) };
      });
      await publish();
      return id;
    },

    async describeErasure(id) {
      const found = await findErasure(pool, id);
      if (!found) throw new AdminRefused('no_such_erasure');
      return found;
    },

    exportAccount: (request, userId) =>
      withTransaction(pool, async (client) => {
        const account = await findAccount(client, userId);
        if (account === undefined) throw new AdminRefused('no_such_account');
        await insertAudit(client, { action: 'export_account', keyId: request.caller.keyId, account });
        return exportUser(client, account);
      }),
  };
}

export async function createInvites(
  pool: Pool,
  request: AdminRequest,
  count: number,
  validSeconds: number,
): Promise<{ codes: string[]; expiresAt: number }> {
  const codes = codesFor(request, count);
  const { expiresAt } = await once(pool, request, async (client) => {
    const expires = await insertInvites(client, codes.map(hashOfInvite), validSeconds);
    await insertAudit(client, { action: 'create_invites', keyId: request.caller.keyId, count });
    return { expiresAt: secondsOf(expires) };
  });
  return { codes, expiresAt };
}

/** 128 random bits: knowing one receipt's name must not allow guessing others. */
const ERASURE_ID_BYTES = 16;

/** In the transaction that holds the account's lock. The user is no longer served from the commit on. */
export async function beginErasure(
  client: ClientBase,
  asked: { account: number; userId: string; keyId: string | undefined },
): Promise<string> {
  const id = randomBytes(ERASURE_ID_BYTES).toString('base64url');
  const { erasure, isNew } = await askErasure(client, { id, ...asked });
  if (isNew) {
    await changeState(client, asked.account, 'disabled');
    await revokeAllDevices(client, asked.account);
    await insertAudit(client, { action: 'erase_account', keyId: asked.keyId, account: asked.account });
  }
  return erasure.id;
}

const secondsOf = (time: Date): number => Math.floor(time.getTime() / 1000);
