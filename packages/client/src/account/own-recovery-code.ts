import { recoveryCodeOf } from '../identity/recovery-code.ts';
import type { Account } from './account.ts';
import { accountKeyOf } from './account-key.ts';

export async function ownRecoveryCode(account: Account): Promise<string> {
  return recoveryCodeOf(await accountKeyOf(account));
}
