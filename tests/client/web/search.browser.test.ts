import { expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import type { Locator } from 'playwright-core';
import { useDevices } from '../support/people.ts';
import type { Person } from './support/person.ts';
import { useWeb } from './support/use-web.ts';

const web = useWeb();
const { test } = web.stack;
const devices = useDevices(web.stack);

const DEADLINE_MS = 180_000;
/** More than a page of messages, and fewer than anybody may send in a minute. */
const OTHERS = 70;

test(
  'words are found in messages far back and in threads; a click leads there, and what is newer stays unread',
  async () => {
    const alice = await web.person('alice');
    const { client } = await devices.signUp('sender');
    await alice.begin(client.me.userId);
    await alice.say('Hello');
    const chat = await until('the conversation is there', () => client.conversations()[0]);
    const first = await chat.send('Who wants a pie with key limes?');
    await chat.send('I would take the Limes', { threadId: first.id });
    await alice.sees('Who wants a pie with key limes?');
    await alice.page.getByRole('link', { name: 'Devices' }).click();
    for (let each = 1; each <= OTHERS; each++) await chat.send(`Something else, ${each}`);
    const unread = alice.page.getByRole('navigation').getByText(`${OTHERS} unread messages`);
    await unread.waitFor();

    const results = alice.page.getByRole('region', { name: 'Search results' });
    await alice.page.getByRole('searchbox').fill('LIMES');
    await results.getByRole('heading', { name: 'Messages (2)' }).waitFor();
    expect(await results.getByRole('link').allInnerTexts()).toEqual([
      expect.stringContaining('I would take the Limes'),
      expect.stringContaining('Who wants a pie with key limes?'),
    ]);
    await results.getByRole('link', { name: 'Who wants a pie' }).click();
    const found = alice.page.getByRole('region', { name: 'Messages', exact: true }).getByRole('article', {
      name: 'Who wants a pie with key limes?',
    });
    await until('it has the focus', () => found.evaluate((element) => element === document.activeElement));
    expect(await isOnScreen(found)).toBe(true);
    await alice.page.getByRole('searchbox').fill('');
    await unread.waitFor();
    await isAboveFirst(alice);
    await alice.page.getByRole('button', { name: 'To the newest message' }).click();
    await unread.waitFor({ state: 'detached' });
    await chat.send('One more while she looks');
    await alice.sees('One more while she looks');
    await isAboveFirst(alice);

    await alice.page.getByRole('searchbox').fill('limes take');
    await results.getByRole('link', { name: 'I would take' }).click();
    const thread = alice.page.getByRole('complementary', { name: 'Thread' });
    const reply = thread.getByRole('article', { name: 'I would take the Limes' });
    await until('the reply has the focus', () =>
      reply.evaluate((element) => element === document.activeElement),
    );

    await alice.page.getByRole('searchbox').fill('nothing of the kind');
    await results.getByRole('heading', { name: 'No messages found' }).waitFor();
    await alice.page.getByRole('searchbox').fill('');
    await results.waitFor({ state: 'detached' });
  },
  DEADLINE_MS,
);

test(
  'a quote leads to a message that is not on the page yet',
  async () => {
    const alice = await web.person('alice');
    const { client } = await devices.signUp('sender');
    await alice.begin(client.me.userId);
    await alice.say('The beginning of it all');
    const chat = await until('the conversation is there', () => client.conversations()[0]);
    const begun = await until('the first message is there', async () =>
      (await chat.messages()).find(({ body }) => body.type === 'text'),
    );
    for (let each = 1; each <= OTHERS; each++) await chat.send(`Something else, ${each}`);
    await chat.send('Do you remember?', { replyTo: begun.id });
    await alice.sees('Do you remember?');
    await alice.page.reload();
    await alice.sees('Do you remember?');
    const first = alice.page.getByRole('article', { name: /You, .*The beginning of it all/ });
    expect(await first.count()).toBe(0);
    await alice.bubble('Do you remember?').getByRole('button', { name: 'The beginning of it all' }).click();
    await until('it has the focus', () => first.evaluate((element) => element === document.activeElement));
    expect(await isOnScreen(first)).toBe(true);
  },
  DEADLINE_MS,
);

const isOnScreen = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });

/** The line "New" stays where it was when the conversation was opened. */
async function isAboveFirst({ page }: Person): Promise<void> {
  const below = page.locator('p.unread-line').locator('xpath=following-sibling::article[1]');
  expect(await below.getAttribute('aria-label')).toMatch(/Something else, 1$/);
}
