import { decodeBase64, encodeBase64, isSame } from '@securechat/protocol';
import { checked } from '../content/outgoing.ts';
import type { OwnBody } from '../content/types.ts';
import { addressOf } from '../conversations/membership/log.ts';
import { enqueueContent } from '../conversations/outgoing/enqueue.ts';
import { keepLink, linksOf } from '../group-links/kept.ts';
import { takePiece, transferOf } from '../history/index.ts';
import { accountKeyFrom } from '../identity/keys.ts';
import { welcomeKey } from './devices.ts';
import type { Runtime } from './runtime.ts';

/** What an own device sends to a new one. */
export type News = Extract<OwnBody, { tell: 'account' | 'history' | 'link' }>;

/** Sends the account key, the links and the history to devices linked by this one, once they are in `own`, the conversation of the own devices. */
export async function tellNewcomers(runtime: Runtime, own: string): Promise<void> {
  const { account, core } = runtime;
  for (const [key] of await core.store.list(welcomeKey(''))) {
    const deviceId = key.slice(welcomeKey('').length);
    const isIn = addressOf(account.userId, deviceId) in (core.registry.get(own)?.log.leaves ?? {});
    if (!isIn) continue;
    const news = await newsFor(runtime);
    await core.registry.step(own, async (step) => {
      for (const body of news) enqueueContent(core, step, checked('application/x-securechat-own', body));
      step.draft.delete(key);
      await step.write();
    });
  }
}

async function newsFor({ account, core }: Runtime): Promise<News[]> {
  const { accountSecret } = account;
  const key: News[] = accountSecret ? [{ tell: 'account', accountSecret: encodeBase64(accountSecret) }] : [];
  return [...key, ...(await linksOf(core)), ...(await transferOf(core))];
}

export async function takeNews(runtime: Runtime, told: News): Promise<void> {
  if (told.tell === 'account') await takeAccount(runtime, decodeBase64(told.accountSecret));
  else if (told.tell === 'link') await keepLink(runtime.core, told);
  else await takePiece(runtime.core, told);
}

/** Must match the pinned account key, or its signatures would be void; a sender of another key is not a device of ours. */
async function takeAccount(runtime: Runtime, accountSecret: Uint8Array): Promise<void> {
  const { account, core, pins } = runtime;
  if (account.accountSecret) return;
  const pinned = pins.accountKey(account.userId);
  const { publicKey } = await accountKeyFrom(accountSecret);
  if (pinned && isSame(publicKey, pinned)) return runtime.keepAccount({ ...account, accountSecret });
  const detail = 'an own device has told a key that is not that of the account';
  core.tell.alarm({ type: 'bad-signature', userId: account.userId, detail });
}
