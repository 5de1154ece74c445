import { expect } from '@jest/globals';
import { Person } from './support/person.ts';
import { useWeb } from './support/use-web.ts';

const web = useWeb();
const { test } = web.stack;

/** The reconnect ladder goes up to 30 s; a person who looks at the page shortens it. */
const DEADLINE_MS = 120_000;

test(
  'what was written while offline survives a reload, and goes out when the server is back',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob', { gateway: 1 });
    await alice.begin(bob.name);
    await alice.say('First');
    await bob.accept(alice.name);
    const gateway = web.stack.constellation.gateways[0]!;

    await gateway.kill('SIGTERM');
    await alice.isOffline();
    await alice.say('Written offline');
    await alice.seesStatus('Written offline', 'Waiting to be sent');
    await alice.page.getByText('1 message waiting').waitFor();
    await alice.page.reload();
    await alice.sees('Written offline');
    await alice.page.getByText('1 message waiting').waitFor();
    expect(await bob.bubble('Written offline').count()).toBe(0);

    await gateway.restart();
    await alice.isOnline();
    await bob.sees('Written offline');
    expect(await bob.bubble('Written offline').count()).toBe(1);
    await alice.seesStatus('Written offline', 'Read');
  },
  DEADLINE_MS,
);

test(
  'who was away finds what was said meanwhile, once and in order',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob', { gateway: 1 });
    await alice.begin(bob.name);
    await alice.say('Before');
    await bob.accept(alice.name);
    await bob.sees('Before');
    const address = bob.page.url();
    const context = bob.page.context();
    await bob.page.close();

    for (const text of ['One', 'Two', 'Three']) await alice.say(text);
    await alice.seesStatus('Three', 'Stored by the server');
    const page = await context.newPage();
    await page.goto(address);
    const again = new Person(page, bob.name);
    await again.sees('Three');
    const shown = await page.getByRole('article').evaluateAll((all) => all.map((each) => each.ariaLabel));
    expect(shown.map((label) => label?.split(', ')[2])).toEqual(['Before', 'One', 'Two', 'Three']);
    await alice.seesStatus('Three', 'Read');
  },
  DEADLINE_MS,
);

test(
  'a second tab says that another one is open, and can take over',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob');
    await alice.begin(bob.name);
    await alice.field.fill('Not yet sent');
    const second = await alice.page.context().newPage();
    await second.goto(alice.page.url());
    await second.getByRole('heading', { name: 'Open in another tab' }).waitFor();
    await second.getByRole('button', { name: 'Use it here' }).click();
    await second.getByText('Connected', { exact: true }).waitFor();
    await alice.page.getByRole('heading', { name: 'Continued in another tab' }).waitFor();
    const there = new Person(second, alice.name);
    expect(await there.field.inputValue()).toBe('Not yet sent');
    await there.field.press('Enter');
    await there.sees('Not yet sent');
    await alice.page.getByRole('button', { name: 'Use it here' }).click();
    await alice.isOnline();
    await alice.sees('Not yet sent');
    expect(await alice.field.inputValue()).toBe('');
  },
  DEADLINE_MS,
);

test(
  'two profiles of one browser are two people',
  async () => {
    const alice = await web.person('alice');
    const page = await alice.page.context().newPage();
    await page.goto(`${new URL(alice.page.url()).origin}/?profile=bob`);
    const bob = await new Person(page, `${alice.name}_friend`).signUp();
    await bob.begin(alice.name);
    await bob.say('From the same browser');
    await alice.look(bob.name);
    await alice.sees('From the same browser');
  },
  DEADLINE_MS,
);

test(
  'a clock that is wrong is called so, and not told as no connection',
  async () => {
    const alice = await web.person('alice');
    // its certificate begins now
    await web.stack.constellation.gateways[0]!.restart();
    await alice.isOnline();
    await alice.page.addInitScript(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() - 600_000;
    });
    await alice.page.reload();
    await alice.page.getByText('The clock of this device is wrong').waitFor();
  },
  DEADLINE_MS,
);
