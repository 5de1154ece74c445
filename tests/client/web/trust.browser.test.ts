import { expect } from '@jest/globals';
import { rowsOf } from '@securechat/testkit';
import type { Page } from 'playwright-core';
import { Person } from './support/person.ts';
import { useWeb } from './support/use-web.ts';

const web = useWeb();
const { test } = web.stack;

const DEADLINE_MS = 180_000;

test(
  'both sides see the same safety number, and who has compared it says so',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob');
    await alice.begin(bob.name);
    await alice.say('Hello');
    await bob.accept(alice.name);
    const lookUp = async ({ page }: Person): Promise<string[]> => {
      await page.getByRole('link', { name: 'About this conversation' }).click();
      await page.getByRole('link', { name: 'Safety number and keys' }).click();
      return safetyNumberOn(page);
    };
    const [seenByAlice, seenByBob] = [await lookUp(alice), await lookUp(bob)];
    expect(seenByAlice).toHaveLength(12);
    expect(seenByAlice.every((group) => /^\d{5}$/.test(group))).toBe(true);
    expect(seenByAlice).toEqual(seenByBob);

    await alice.page.getByRole('button', { name: 'mark as verified' }).click();
    await alice.page.getByText('You have compared it.').waitFor();
    await alice.look(bob.name);
    await alice.page.getByRole('main').getByText('Verified').waitFor();
  },
  DEADLINE_MS,
);

test(
  'whoever turns up under a known name with other keys is told of, and gets nothing before a person has accepted them',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob');
    await alice.begin(bob.name);
    await alice.say('Hello');
    await bob.accept(alice.name);
    await bob.say('Hello yourself');
    await alice.sees('Hello yourself');

    // whoever has the server's database may give a name to somebody else
    const { postgresUrl } = web.stack.constellation.stores;
    await rowsOf(postgresUrl, `UPDATE auth.users SET ext_id = 'moved_away' WHERE ext_id = '${bob.name}'`);
    const other = await new Person(await web.pages.open(), bob.name).signUp();
    await alice.page.reload();
    const warnings = alice.page.getByRole('alert', { name: 'Warnings' });
    await warnings.getByText(`${bob.name} has new keys`).waitFor();
    await alice.page.getByText('Nothing is sent before you have looked at them.').waitFor();
    await alice.say('For Bob alone');
    await alice.seesStatus('For Bob alone', 'Not sent');
    await alice.bubble('For Bob alone').getByText('This person has new keys.').waitFor();

    await warnings.getByRole('link', { name: 'Compare' }).click();
    const shown = await safetyNumberOn(alice.page);
    await other.page.goto(`${new URL(other.page.url()).origin}/#/person/${alice.name}`);
    expect(await safetyNumberOn(other.page)).toEqual(shown);
    expect(
      await other.page.getByRole('navigation').getByRole('link').filter({ hasText: alice.name }).count(),
    ).toBe(0);

    expect(await alice.page.getByRole('button', { name: 'mark as verified' }).count()).toBe(0);
    await alice.page.getByRole('button', { name: 'accept the new keys' }).click();
    await alice.page.getByRole('button', { name: 'mark as verified' }).waitFor();
  },
  DEADLINE_MS,
);

test(
  'a page from an origin that the server does not know gets in nowhere, and says so',
  async () => {
    const page = await web.pages.open({ host: 'localhost', isExpectedToComplain: true });
    await page.getByLabel('Your user name').fill('mallory');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('alert').filter({ hasText: 'The server cannot be reached' }).waitFor();
  },
  DEADLINE_MS,
);

test(
  'another device is linked by two codes, gets the history, and can be removed',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob');
    await alice.begin(bob.name);
    await alice.say('Before the tablet');
    await bob.accept(alice.name);

    const tablet = await web.pages.open();
    await alice.page.getByRole('link', { name: 'Devices' }).click();
    await alice.page.getByRole('button', { name: 'Link a device' }).click();
    const invitation = await alice.page
      .getByRole('status', { name: 'Code for the new device' })
      .textContent();
    await tablet.getByText('Link device').click();
    await tablet.getByLabel('Code of your other device').fill(invitation ?? '');
    await tablet.getByRole('button', { name: 'Continue' }).click();
    const answer = await tablet.getByRole('status', { name: 'Code of this device' }).textContent();
    await alice.page.getByLabel('Code of the new device').fill(answer ?? '');
    await alice.page.getByRole('button', { name: 'Link', exact: true }).click();

    await tablet.getByText('Connected', { exact: true }).waitFor();
    await tablet.getByRole('navigation').getByRole('link').filter({ hasText: bob.name }).click();
    await tablet.getByRole('article').filter({ hasText: 'Before the tablet' }).waitFor();

    const devices = alice.page.getByRole('list', { name: 'Your devices' });
    await devices.getByRole('button', { name: 'Remove' }).click();
    await devices.getByRole('group').getByRole('button', { name: 'Remove' }).click();
    await tablet.getByRole('heading', { name: 'This device is no longer connected' }).waitFor();
    await tablet.reload();
    await tablet.getByText('The server refused this device').waitFor();
  },
  DEADLINE_MS,
);

test(
  'an invite that lets nobody in is called so',
  async () => {
    const [auth] = web.stack.constellation.auths;
    await auth?.restart(undefined, { AUTH_ENROLMENT: 'invite', AUTH_ADMIN_TOKEN: 'A'.repeat(43) });
    try {
      // a refusal stands in the browser's console too
      const page = await web.pages.open({ isExpectedToComplain: true });
      await page.getByLabel('Your user name').fill('late');
      await page.getByLabel('Invite').fill('used-already');
      await page.getByRole('button', { name: 'Create account' }).click();
      await page.getByRole('alert').filter({ hasText: 'This invite is not valid' }).waitFor();
    } finally {
      await auth?.restart(undefined, { AUTH_ENROLMENT: 'open' });
    }
  },
  DEADLINE_MS,
);

/** Its groups of digits. */
async function safetyNumberOn(page: Page): Promise<string[]> {
  const number = page.getByRole('list', { name: 'Safety number' });
  await number.waitFor();
  return number.getByRole('listitem').allTextContents();
}
