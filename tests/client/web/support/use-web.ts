import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { ConstellationPlan } from '../../../support/constellation.ts';
import { type Stack, useConstellation } from '../../../support/stack.ts';
import { Person } from './person.ts';
import { LET_IN, type OpenOptions, startWebPages, type WebPages } from './web-pages.ts';

export type Web = {
  readonly stack: Stack;
  readonly pages: WebPages;
  /** Somebody new in a browser of their own, who has signed up. The name is unique within the file. */
  person(name: string, options?: OpenOptions): Promise<Person>;
};

/** Making keys, a login and a page take seconds on a busy machine with two cores. */
const START_DEADLINE_MS = 120_000;
/** How long a page may take to show what a test waits for. */
const SHOWN_WITHIN_MS = 30_000;

type WebPlan = Pick<ConstellationPlan, 'files' | 'presences' | 'pushes' | 'env'> & {
  chromiumFlags?: readonly string[];
};

/** A constellation and pages for all tests of a file. No test passes when a page complains. */
export function useWeb({
  files = 0,
  presences = 0,
  pushes = 0,
  env = {},
  chromiumFlags = [],
}: WebPlan = {}): Web {
  const letIn = { ALLOWED_ORIGINS: LET_IN };
  const stack = useConstellation({
    ...{ gateways: 2, files, presences, pushes },
    env: {
      ...env,
      auth: letIn,
      gateway: { ...letIn, ...env.gateway },
      files: { ...letIn, ...env.files },
    },
  });
  let started: WebPages | undefined;
  let people = 0;
  const pages = (): WebPages => {
    if (started === undefined) throw new Error('the pages are not served');
    return started;
  };

  beforeAll(async () => {
    started = await startWebPages(stack.constellation, chromiumFlags);
  }, START_DEADLINE_MS);
  afterEach(() => {
    expect(started?.complaints()).toEqual([]);
  });
  afterAll(async () => {
    await started?.stop();
  });

  return {
    stack,
    get pages() {
      return pages();
    },
    async person(name, options) {
      const page = await pages().open(options);
      page.setDefaultTimeout(SHOWN_WITHIN_MS);
      people += 1;
      return new Person(page, `${name}${people}`).signUp();
    },
  };
}
