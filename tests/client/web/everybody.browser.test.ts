import { expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import { accessibilityFaults } from './support/accessibility.ts';
import { Person } from './support/person.ts';
import { useWeb } from './support/use-web.ts';

const web = useWeb();
const { test } = web.stack;

const DEADLINE_MS = 180_000;

test(
  'everything is reached by keyboard: sign up, write, answer, give up, go back to the list',
  async () => {
    const bob = await web.person('bob');
    const page = await web.pages.open();
    page.setDefaultTimeout(15_000);
    const { keyboard } = page;
    const alice = new Person(page, 'keys1');
    await page.getByLabel('Your user name').waitFor();
    await keyboard.type(alice.name);
    await keyboard.press('Enter');
    await alice.isOnline();

    await page.getByRole('link', { name: 'New conversation' }).focus();
    await keyboard.press('Enter');
    await page.getByLabel('User name').waitFor();
    await keyboard.type(bob.name);
    await keyboard.press('Enter');
    await alice.field.waitFor();
    await keyboard.type('One line');
    await keyboard.press('Shift+Enter');
    await keyboard.type('and another');
    await keyboard.press('Enter');
    await alice.sees('One lineand another');
    await bob.accept(alice.name);
    await bob.say('Got it');
    await alice.sees('Got it');

    await page.getByRole('article').last().focus();
    await keyboard.press('ArrowUp');
    expect(await focused(page)).toContain('One line and another');
    await keyboard.press('ArrowDown');
    expect(await focused(page)).toContain('Got it');
    await keyboard.press('Enter');
    expect(await focused(page)).toBe('React');
    await keyboard.press('Tab');
    expect(await focused(page)).toBe('Reply');
    await keyboard.press('Enter');
    await page.getByText(`Reply to ${bob.name}`).waitFor();
    expect(await focused(page)).toBe('Message');
    await keyboard.press('Escape');
    expect(await page.getByText(`Reply to ${bob.name}`).count()).toBe(0);
  },
  DEADLINE_MS,
);

test(
  'a device is linked and removed by keyboard, and after each step one goes on from there',
  async () => {
    const alice = await web.person('alice');
    const tablet = await web.pages.open();
    const onTablet = tablet.keyboard;
    const { keyboard } = alice.page;
    await alice.page.getByRole('link', { name: 'Devices' }).press('Enter');
    await alice.page.getByRole('button', { name: 'Link a device' }).press('Enter');
    const invitation = alice.page.getByRole('status', { name: 'Code for the new device' });
    await invitation.waitFor();
    await tablet.getByLabel('New account').press('ArrowRight');
    await tablet.keyboard.type('nonsense');
    await onTablet.press('Tab');
    await onTablet.press('Enter');
    await tablet.getByRole('alert').filter({ hasText: 'for another purpose' }).waitFor();
    await onTablet.press('Shift+Tab');
    await onTablet.press('ControlOrMeta+A');
    await onTablet.insertText((await invitation.textContent()) ?? '');
    await onTablet.press('Enter');
    const answer = tablet.getByRole('status', { name: 'Code of this device' });
    await answer.waitFor();
    await onTablet.press('Tab');
    expect(await focused(tablet)).toBe('Copy: Code of this device');

    // from the heading by the button that copies to the field
    await keyboard.press('Tab');
    expect(await focused(alice.page)).toBe('Copy: Code for the new device');
    await keyboard.press('Tab');
    await keyboard.insertText((await answer.textContent()) ?? '');
    await keyboard.press('Enter');
    await alice.page.getByText('The new device is linked.').waitFor();
    await keyboard.press('Tab');
    expect(await alice.page.getByRole('button', { name: 'Link a device' }).evaluate(hasFocus)).toBe(true);

    const other = alice.page.getByRole('listitem').filter({ hasNotText: 'this device' });
    await other.getByText('Chrome on Linux').waitFor();
    await other.getByRole('button', { name: 'Rename' }).press('Enter');
    await keyboard.press('ControlOrMeta+A');
    await keyboard.insertText('Tablet');
    await keyboard.press('Enter');
    await alice.page.getByRole('listitem', { name: 'Tablet' }).waitFor();
    expect(await focused(alice.page)).toBe('Tablet');
    await tablet.getByRole('link', { name: 'Devices' }).press('Enter');
    await tablet.getByRole('listitem', { name: 'Tablet' }).waitFor();

    const remove = alice.page.getByRole('button', { name: 'Remove' });
    await remove.press('Enter');
    await keyboard.press('Escape');
    expect(await remove.evaluate(hasFocus)).toBe(true);
    await remove.press('Enter');
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await remove.waitFor({ state: 'detached' });
    await until('the list has the focus', async () => (await focused(alice.page)) === 'Your devices');
  },
  DEADLINE_MS,
);

test(
  'a screen reader finds a name for everything, on every page and in both looks',
  async () => {
    const alice = await web.person('alice', { colorScheme: 'dark' });
    const bob = await web.person('bob');
    await alice.beginGroup('Readers', [bob.name]);
    await alice.say('Hello');
    await bob.accept('Readers');
    await bob.say('Hello back');
    await alice.sees('Hello back');
    const conversation = new URL(alice.page.url()).hash;
    const pages = ['#/', '#/new', '#/new-group', '#/join', '#/devices', '#/settings', `#/person/${bob.name}`];
    for (const hash of [...pages, conversation, `${conversation}/details`]) {
      await alice.page.goto(`${new URL(alice.page.url()).origin}/${hash}`);
      await alice.page.getByRole('main').waitFor();
      expect([hash, await accessibilityFaults(alice.page)]).toEqual([hash, []]);
    }
  },
  DEADLINE_MS,
);

test(
  'what comes in is read out, and said in the title of the page',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob');
    await alice.begin(bob.name);
    await alice.say('Hello');
    await bob.accept(alice.name);
    await alice.page.getByRole('link', { name: 'Settings' }).click();
    await bob.say('Are you there?');
    await alice.page.getByRole('log').getByText(`${bob.name}: Are you there?`).waitFor({ state: 'attached' });
    await alice.page.waitForFunction(() => document.title === '(1) SecureChat');
  },
  DEADLINE_MS,
);

test(
  'on a phone the list and the conversation are two views, and nothing is wider than the screen',
  async () => {
    const alice = await web.person('alice', { viewport: { width: 360, height: 700 }, hasTouch: true });
    const bob = await web.person('bob');
    await alice.begin(bob.name);
    await alice.say(`A long word: ${'x'.repeat(200)}`);
    expect(await alice.page.getByRole('navigation').isVisible()).toBe(false);
    const widest = await alice.page.evaluate(() => document.documentElement.scrollWidth);
    expect(widest).toBe(360);
    await alice.page.getByRole('button', { name: 'Back to the conversations' }).tap();
    await alice.page.getByRole('navigation').waitFor();
    expect(await alice.field.isVisible()).toBe(false);
  },
  DEADLINE_MS,
);

function focused(page: Person['page']): Promise<string> {
  return page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
}

const hasFocus = (element: Element): boolean => element === document.activeElement;
