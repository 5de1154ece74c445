// A store has one writer. A second tab asks the first to let go; the first closes its client and says so.

const channelOf = (profile: string) => new BroadcastChannel(`securechat:${profile}:takeover`);

/** A tab that sleeps or hangs does not answer; closing a client takes a second or two (goodbye, last writes). */
const DEADLINE_MS = 8_000;

/** Lets other tabs have the store: `release` runs when one asks. Returns what ends the offer. */
export function offerTakeover(profile: string, release: () => Promise<void>): () => void {
  const channel = channelOf(profile);
  let isReleasing = false;
  channel.onmessage = async ({ data }) => {
    if (data !== 'ask' || isReleasing) return;
    isReleasing = true;
    await release();
    channel.postMessage('released');
    channel.close();
  };
  // who lets go withdraws the offer as well, and still has to say when it is done
  return () => {
    if (!isReleasing) channel.close();
  };
}

/** Resolves when the other tab has let go; rejects when it does not answer. */
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
      };
      channel.postMessage('ask');
    });
  } finally {
    channel.close();
  }
}
