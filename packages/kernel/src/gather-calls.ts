import { classify } from './errors.ts';

/** Answers in the order of the asks. */
type CallAll<Ask, Answer> = (asks: readonly Ask[]) => Promise<readonly Answer[]>;
type Waiting<Ask, Answer> = { ask: Ask; resolve(answer: Answer): void; reject(error: unknown): void };

/**
 * Batches many small calls to the same remote side, where each call costs more than what it asks. A call leaves at
 * the end of its event-loop turn when fewer than `atOnce` are in flight; asks that arrive otherwise wait for one to
 * finish and then go together, at most `most` per call. So a lone ask never waits. An input that can never be
 * answered fails alone.
 */
export function gatherCalls<Ask, Answer>(
  callAll: CallAll<Ask, Answer>,
  { atOnce, most }: { atOnce: number; most: number },
): (ask: Ask) => Promise<Answer> {
  const waiting: Waiting<Ask, Answer>[] = [];
  let underWay = 0;
  let isScheduled = false;

  function leave(): void {
    isScheduled = false;
    while (underWay < atOnce && waiting.length > 0) void call(waiting.splice(0, most));
  }

  async function call(some: Waiting<Ask, Answer>[]): Promise<void> {
    underWay++;
    try {
      const answers = await callAll(some.map(({ ask }) => ask));
      for (const [index, { resolve }] of some.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      // a transient error would only recur, once for each
      if (some.length === 1 || classify(error) === 'retryable') for (const { reject } of some) reject(error);
      else for (const one of some) await callAlone(one);
    }
    underWay--;
    leave();
  }

  async function callAlone({ ask, resolve, reject }: Waiting<Ask, Answer>): Promise<void> {
    try {
      const [answer] = await callAll([ask]);
      resolve(answer as Answer);
    } catch (error) {
      reject(error);
    }
  }

  return (ask) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ ask, resolve, reject });
    if (!isScheduled && underWay < atOnce) {
      isScheduled = true;
      setImmediate(leave);
    }
    return promise;
  };
}
