import { classify } from './errors.ts';

/** Answers in the order of the asks. */
type CallAll<Ask, Answer> = (asks: readonly Ask[]) => Promise<readonly Answer[]>;
type Waiting<Ask, Answer> = { ask: Ask; resolve(answer: Answer): void; reject(error: unknown): void };

/**
 * Makes one call of many small ones to the same far side, which costs it and us more than what is asked. A call leaves with its turn of the event
 * loop when fewer than `atOnce` are under way; what comes while they are waits for one of them to end, and then goes together, `most` at a
 * time. So whoever is alone waits for nobody. An input that cannot be answered at all fails alone.
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
      // what passes would only fail again, once for each
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
