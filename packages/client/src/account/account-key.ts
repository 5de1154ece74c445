// Of the own account: loaded only when it is shown or signs.
import { type AccountKey, accountKeyFrom } from '../identity/keys.ts';
import { type Account, AccountKeyNotHere } from './account.ts';

/** Throws `AccountKeyNotHere` on a linked device that has not received the key yet. */
export async function accountKeyOf({ accountSecret }: Account): Promise<AccountKey> {
  if (!accountSecret) throw new AccountKeyNotHere('the account key is not here yet');
  return accountKeyFrom(accountSecret);
}
