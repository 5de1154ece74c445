import { decodeBase64, encodeBase64, isSame } from '@securechat/protocol';
import type { OwnBody } from '../content/types.ts';
import { takePiece, transferOf } from '../history/index.ts';
import { accountKeyFrom } from '../identity/keys.ts';
import type { Runtime } from './runtime.ts';

/** What an own device tells one that is new. */
export type News = Extract<OwnBody, { tell: 'account' | 'history' }>;

export async function newsFor({ account, core }: Runtime): Promise<News[]> {
  const { accountSecret } = account;
  const key: News[] = accountSecret ? [{ tell: 'account', accountSecret: encodeBase64(accountSecret) }] : [];
  return [...key, ...(await transferOf(core))];
}

export async function takeNews(runtime: Runtime, told: News): Promise<void> {
  if (told.tell === 'account') await takeAccount(runtime, decodeBase64(told.accountSecret));
  else await takePiece(runtime.core, told);
}

/** It is that of the pinned account, or it would sign for nobody; and who shows another one is no device of ours. */
async function takeAccount(runtime: Runtime, accountSecret: Uint8Array): Promise<void> {
  const { account, core, pins } = runtime;
  if (account.accountSecret) return;
  const pinned = pins.accountKey(account.userId);
  const { publicKey } = await accountKeyFrom(accountSecret);
  if (pinned && isSame(publicKey, pinned)) return runtime.keepAccount({ ...account, accountSecret });
  const detail = 'an own device has told a key that is not that of the account';
  core.tell.alarm({ type: 'bad-signature', userId: account.userId, detail });
}
