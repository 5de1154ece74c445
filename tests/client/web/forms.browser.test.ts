import { expect } from '@jest/globals';
import { useWeb } from './support/use-web.ts';

const web = useWeb();
const { test } = web.stack;

const DEADLINE_MS = 180_000;

test(
  'who manages a group renames it and adds people, and all see it under the name that one gave oneself',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob');
    await alice.page.getByRole('link', { name: 'Settings' }).click();
    await alice.page.getByLabel('Name', { exact: true }).fill('Alice of the mountains');
    await alice.page.getByRole('button', { name: 'Save profile' }).click();

    await alice.beginGroup('Walkers', []);
    await alice.page.getByRole('link', { name: 'About this conversation' }).click();
    const rename = alice.page.getByRole('button', { name: 'Rename' });
    const add = alice.page.getByRole('button', { name: 'Add', exact: true });
    expect([await rename.isDisabled(), await add.isDisabled()]).toEqual([true, true]);
    await alice.page.getByLabel('Name of the group').fill('Climbers');
    await rename.click();
    await alice.page.getByLabel('Add people').fill(bob.name);
    await add.click();
    await alice.page.getByRole('heading', { name: '2 members' }).waitFor();

    await bob.accept('Climbers');
    await alice.look('Climbers');
    await alice.say('Up we go');
    await bob.sees('Up we go');
    await bob.bubble('Up we go').getByText('Alice of the mountains').waitFor();
  },
  DEADLINE_MS,
);

test(
  'a code of somebody else is told apart; a history comes back out of its file with the right passphrase only',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob');
    await alice.begin(bob.name);
    await alice.say('Worth keeping');
    const { page } = alice;
    await page.goto(`${new URL(page.url()).origin}/#/person/${bob.name}`);
    await page.getByText('Compare by their QR code').click();
    await page.getByLabel('Text of their code').fill('no code at all');
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'This code is incomplete' }).waitFor();

    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByLabel('Passphrase for the export').fill('four words of mine');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export history' }).click(),
    ]);
    const load = page.getByRole('button', { name: 'Import history' });
    await page.getByLabel('File', { exact: true }).setInputFiles(await download.path());
    await page.getByLabel('Passphrase of the file').fill('others');
    await load.click();
    await page.getByRole('alert').filter({ hasText: 'the passphrase is wrong' }).waitFor();
    await page.getByLabel('Passphrase of the file').fill('four words of mine');
    await load.click();
    // it is all here already
    await page.getByRole('status').filter({ hasText: '0 messages added.' }).waitFor();
  },
  DEADLINE_MS,
);
