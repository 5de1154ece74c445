import type { History, Recorded } from '@securechat/testkit';

export type Window = {
  readonly sends: number;
  readonly unanswered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export type Latencies = {
  /** For messages sent between these times of the history's clock. An unanswered one counts with its age so far. */
  between(fromMs: number, toMs: number): Window;
  /**
   * Unanswered messages, however old, whose device has been online without interruption for longer than this since they were sent, so
   * that nothing can hold up their answer. A few among many show in no percentile.
   */
  overdue(limitMs: number): string[];
};

/** Nobody asks for percentiles of anything older. */
const KEPT_MS = 60_000;

type Sent = { readonly name: string; readonly device: string; readonly atMs: number };

/** Reads the new part of the history on each call. Judges only messages of online devices. */
export function watchLatencies(history: History): Latencies {
  const upSinceMs = new Map<string, number>();
  const unanswered = new Map<string, Sent>();
  /** Sent while the device was online, oldest first; answered or not. */
  const judged = new Map<string, { readonly atMs: number; ackedAtMs: number | undefined }>();
  let read = 0;

  function note(event: Recorded): void {
    if (event.type === 'connection') {
      if (event.phase === 'up') upSinceMs.set(event.device, event.at_ms);
      else upSinceMs.delete(event.device);
    }
    if (event.type !== 'send' || event.phase === 'again') return;
    const { device, at_ms: atMs } = event;
    const name = `${device}/${event.id}`;
    if (event.phase === 'invoke') {
      unanswered.set(name, { name, device, atMs });
      if (upSinceMs.has(device)) judged.set(name, { atMs, ackedAtMs: undefined });
      return;
    }
    unanswered.delete(name);
    const message = judged.get(name);
    if (message && event.phase === 'ok') message.ackedAtMs ??= atMs;
  }

  function catchUp(): number {
    for (; read < history.events.length; read++) note(history.events[read] as Recorded);
    return performance.now();
  }

  return {
    between(fromMs, toMs) {
      const nowMs = catchUp();
      const ages: number[] = [];
      let withoutAnswer = 0;
      for (const [name, { atMs, ackedAtMs }] of judged) {
        if (atMs < nowMs - KEPT_MS) judged.delete(name);
        if (atMs < fromMs || atMs > toMs) continue;
        if (ackedAtMs === undefined) withoutAnswer += 1;
        ages.push((ackedAtMs ?? nowMs) - atMs);
      }
      ages.sort((one, other) => one - other);
      return {
        sends: ages.length,
        unanswered: withoutAnswer,
        p50Ms: quantile(ages, 0.5),
        p99Ms: quantile(ages, 0.99),
      };
    },
    overdue(limitMs) {
      const nowMs = catchUp();
      return [...unanswered.values()].flatMap(({ name, device, atMs }) => {
        const upMs = upSinceMs.get(device);
        const waitedMs = upMs === undefined ? 0 : nowMs - Math.max(atMs, upMs);
        return waitedMs > limitMs ? [`${name} for ${(waitedMs / 1000).toFixed(1)} s`] : [];
      });
    },
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
