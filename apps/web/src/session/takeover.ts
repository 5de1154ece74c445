// A store has one writer. A second tab asks the first to release it; the first closes its client, hands over unsent texts, and confirms.
import { giveTexts, takeTexts } from '../conversation/draft.ts';

const channelOf = (profile: string) => new BroadcastChannel(`securechat:${profile}:takeover`);

/** A sleeping or hanging tab does not answer; closing a client takes a second or two (goodbye, last writes). */
const DEADLINE_MS = 8_000;

/** Offers the store to other tabs: `release` runs when one asks. Returns a function that ends the offer. */
export function offerTakeover(profile: string, release: () => Promise<void>): () => void {
  const channel = channelOf(profile);
  let isReleasing = false;
  channel.onmessage = async ({ data }) => {
    if (data !== 'ask' || isReleasing) return;
    isReleasing = true;
    await release();
    channel.postMessage({ texts: giveTexts() });
    channel.postMessage('released');
    channel.close();
  };
  // releasing also withdraws the offer, but the confirmation must still be sent
  return () => {
    if (!isReleasing) channel.close();
  };
}

/** Resolves when the other tab has released the store; rejects when it does not answer. */
export async function askForTakeover(profile: string): Promise<void> {
  const channel = channelOf(profile);
  try {
    await new Promise<void>((resolve, reject) => {
      setTimeout(
        () => reject(new Error('The other tab does not answer. Close it, then try again.')),
        DEADLINE_MS,
      );
      channel.onmessage = ({ data }) => {
        if (data === 'released') resolve();
        else if (data.texts !== undefined) takeTexts(data.texts);
      };
      channel.postMessage('ask');
    });
  } finally {
    channel.close();
  }
}
