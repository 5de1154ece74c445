import { expect } from '@jest/globals';
import { DEADLINE_MS } from '@securechat/testkit';
import type { Stack } from '../../support/stack.ts';

/** Every text of ours has the word in it; so has its base64, at whatever offset it begins. */
const CANARY = /canary|Y2FuYXJ5|jYW5hcn|NhbmFye/i;
/** Levels and texts that say that a service, not a client, has made a fault. */
const OUR_FAULT = /"level":"(?:error|fatal)"/;
/** A series may appear when its label first has a value; which values there are is fixed. */
const CLOSED_LABELS =
  /^\w+(?:\{(?:(?:direction|type|error|reason|state|transport|by|step|limit|le|quantile|kind|lane|space|outcome|stream|result|status|route|method)="[\w.+-]*",?)*\})?$/;

/** No log says what was sent, or by whom, nor that a service has made a fault. */
export function expectSilentLogs({ constellation }: Stack, secrets: ReadonlySet<string>): void {
  const { gateways, deliveries, auths } = constellation;
  for (const { name, log } of [...gateways, ...deliveries, ...auths]) {
    expect(log.join('\n')).toContain('process started');
    // older lines would have been thrown away
    expect([name, log.length < 2_000]).toEqual([name, true]);
    const tellTale = log.filter(
      (line) => CANARY.test(line) || [...secrets].some((text) => line.includes(text)),
    );
    expect([name, tellTale]).toEqual([name, []]);
    expect([name, log.filter((line) => OUR_FAULT.test(line))]).toEqual([name, []]);
  }
}

/** However much was sent, there are no more series than the names of types, errors and reasons allow. */
export async function expectNamelessMetrics(
  stack: Stack,
  secrets: ReadonlySet<string>,
  seriesAtStart: readonly string[],
): Promise<void> {
  for (const page of await pagesOf(stack)) {
    expect(page).not.toMatch(CANARY);
    expect([...secrets].filter((text) => page.includes(text))).toEqual([]);
  }
  const grown = (await seriesOf(stack)).filter((series) => !seriesAtStart.includes(series));
  expect(grown.filter((series) => !CLOSED_LABELS.test(series))).toEqual([]);
}

/** The metrics of all processes. */
async function pagesOf({ constellation }: Stack): Promise<string[]> {
  const { gateways, deliveries, auths } = constellation;
  const all = [...gateways, ...deliveries, ...auths];
  return Promise.all(
    all.map(async ({ opsUrl }) => {
      const page = await fetch(`${opsUrl}/metrics`, { signal: AbortSignal.timeout(DEADLINE_MS) });
      return page.text();
    }),
  );
}

export async function seriesOf(stack: Stack): Promise<string[]> {
  const lines = (await pagesOf(stack)).flatMap((page) => page.split('\n'));
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
}
