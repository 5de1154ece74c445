import { timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { withTransaction } from '@securechat/kernel';
import type { DeviceCertificate, SignedDeviceList } from '@securechat/protocol';
import type { ClientBase, Pool } from 'pg';
import { findLists, insertList, lockAccount } from '../store/account-store.ts';
import { checkDistinct, checkListSignatures, checkListTime, listHash } from './check-list.ts';
import { type Enrolment, refuse } from './outcome.ts';

/** What a next list may change, and what it needs besides the account key's signature. */
export type ListChange = {
  /** The device concerned. Refuses a list that changes anything else. */
  find(previous: SignedDeviceList): DeviceCertificate;
  /** Checks signatures of devices; also for a repeated request. */
  checkProofs(previous: SignedDeviceList, device: DeviceCertificate): void;
  /** For a new change, with the account locked: final checks, and the changes to devices. */
  apply(client: ClientBase, account: number, device: DeviceCertificate): Promise<void>;
};

/**
 * Accepts the next version of an account's list: signed by the account key and chained to the stored one. Idempotent:
 * when the same list is already stored, nothing is written and the answer is the same. Anything else that the stored
 * state does not allow is refused without writing.
 */
export async function acceptNextList(
  parts: { pool: Pool; nowSeconds: () => number },
  list: SignedDeviceList,
  change: ListChange,
): Promise<Enrolment> {
  checkDistinct(list);
  checkListSignatures(list);

  return withTransaction(parts.pool, async (client) => {
    const account = await lockAccount(client, list.user_id);
    const accountKey = Buffer.from(list.account_key, 'base64');
    if (!account || !timingSafeEqual(account.account_key, accountKey)) refuse('unknown_account', '/list');

    const lists = await findLists(client, account.id, [list.version - 1, list.version]);
    const expected = Math.max(...lists.keys()) + 1;
    const previous = lists.get(list.version - 1);
    if (!previous) refuse('conflict', '/list/version', { expected });
    const device = change.find(previous.list);
    change.checkProofs(previous.list, device);

    const answer = { user_id: list.user_id, device_id: device.device_id };
    const stored = lists.get(list.version);
    if (stored && isDeepStrictEqual(stored.list, list)) return { outcome: 'repeated', ...answer };
    if (stored) refuse('conflict', '/list/version', { expected });
    // told to whoever has signed with the account key: a user who recovers has nothing else
    const previousSha256 = previous.sha256.toString('base64');
    if (list.previous_sha256 !== previousSha256)
      refuse('conflict', '/list/previous_sha256', { previous_sha256: previousSha256 });
    checkListTime(list, parts.nowSeconds());
    await change.apply(client, account.id, device);
    await insertList(client, account.id, list, listHash(list));
    return { outcome: 'created', ...answer };
  });
}
