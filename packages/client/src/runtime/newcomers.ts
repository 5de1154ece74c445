import { decodeBase64, encodeBase64, isSame } from '@securechat/protocol';
import { sleep, systemClock } from '../clock.ts';
import { checked } from '../content/outgoing.ts';
import { BadContent, type Fields } from '../content/shape.ts';
import type { OwnNews } from '../content/types.ts';
import { deviceNamesKey } from '../conversations/contents/own.ts';
import type { Core } from '../conversations/core.ts';
import { addressOf } from '../conversations/membership/log.ts';
import { enqueueContent } from '../conversations/outgoing/enqueue.ts';
import { keepLink, linksOf } from '../group-links/kept.ts';
import { takePiece, transferOf } from '../history/index.ts';
import { accountKeyFrom } from '../identity/keys.ts';
import { fromBytes } from '../storage/json.ts';
import { deviceNames } from './device-names.ts';
import { welcomeKey } from './devices.ts';
import { readNews } from './news.ts';
import type { Runtime } from './runtime.ts';

/** A newcomer that is not everywhere by then is told what it can be. */
const EVERYWHERE_MS = 90_000;
/** What was stored before it was let in may still be on its way here, and would be missing in the history. */
const CATCH_UP_MS = 2_000;

/**
 * Sends names, the account key, links and history to devices linked by this one, once they are in `own`, the conversation of the own devices,
 * and in all others: what is said in between would reach it in no way. `isLeft`: they are not yet.
 */
export async function tellNewcomers(runtime: Runtime, own: string, isLeft: boolean): Promise<void> {
  const { account, core } = runtime;
  for (const [key, bytes] of await core.store.list(welcomeKey(''))) {
    const sinceMs = bytes.length === 0 ? 0 : fromBytes<number>(bytes);
    if (isLeft && core.now() - sinceMs < EVERYWHERE_MS) continue;
    const deviceId = key.slice(welcomeKey('').length);
    const isIn = addressOf(account.userId, deviceId) in (core.registry.get(own)?.log.leaves ?? {});
    if (!isIn) continue;
    const isSelf = deviceId === core.own.deviceId;
    if (!isSelf) await sleep(systemClock, CATCH_UP_MS, runtime.stopping.signal);
    const news = isSelf ? [] : await newsFor(runtime);
    await deviceNames(runtime);
    await core.registry.step(own, async (step) => {
      // as they are now: a device may have been named meanwhile
      const names = await step.draft.json<{ names: unknown }>(deviceNamesKey(core.own.deviceId));
      if (names) enqueueContent(core, step, checked('application/x-securechat-device-names', names));
      for (const body of news) enqueueContent(core, step, checked('application/x-securechat-own', body));
      step.draft.delete(key);
      await step.write();
    });
  }
}

async function newsFor({ account, core }: Runtime): Promise<OwnNews[]> {
  const { accountSecret } = account;
  const key: OwnNews[] = accountSecret
    ? [{ tell: 'account', accountSecret: encodeBase64(accountSecret) }]
    : [];
  // blocks may have changed after it asked for them, and before it was there to be told
  return [...key, ...(await linksOf(core)), ...(await transferOf(core)), { tell: 'blocks' }];
}

export async function takeNews(runtime: Runtime, news: Fields): Promise<void> {
  const { core } = runtime;
  const told = readOrTell(core, news);
  if (!told) return;
  switch (told.tell) {
    case 'account':
      return takeAccount(runtime, decodeBase64(told.accountSecret));
    case 'link':
      return keepLink(core, told);
    case 'history':
      return takePiece(core, told);
    case 'blocks':
      // without a connection the next one asks; and nothing else that was told has to wait for the server
      return runtime.background((await import('../conversations/view/blocking.ts')).learnBlocked(core));
  }
}

/** Another own device may be broken: what is malformed raises an alarm, and must not stop this one. */
function readOrTell({ own, tell }: Core, news: Fields): OwnNews | undefined {
  try {
    return readNews(news);
  } catch (error) {
    if (!(error instanceof BadContent)) throw error;
    const detail = `an own device has sent what is malformed: ${error.message}`;
    tell.alarm({ type: 'undecryptable', userId: own.userId, detail });
    return undefined;
  }
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
