import { expect } from '@jest/globals';
import { useWeb } from './support/use-web.ts';

const web = useWeb();
const { test } = web.stack;

const DEADLINE_MS = 120_000;
const PHONE = { viewport: { width: 390, height: 844 } };

test(
  'whoever takes a name that cannot be one reads what a name is, and can go on',
  async () => {
    // the browser itself tells its console of the answer 400
    const page = await web.pages.open({ isExpectedToComplain: true });
    await page.getByLabel('Your user name').fill('Alice of Berlin');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText('A user name has up to 64').waitFor();
    // what the page says until it is there
    expect(await page.getByText('Loading SecureChat').count()).toBe(0);
    await page.getByLabel('Your user name').fill('alice_of_berlin');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText('Connected', { exact: true }).waitFor();
  },
  DEADLINE_MS,
);

test(
  'a text without a space stays within the page, and when it is too long that is said and nothing is lost',
  async () => {
    const alice = await web.person('alice', PHONE);
    const bob = await web.person('bob');
    await alice.begin(bob.name);
    const tooLong = 'y'.repeat(24_001);
    await alice.field.fill(tooLong);
    await alice.field.press('Enter');
    await alice.page.getByText('a message has 1 to 24,000 characters').waitFor();
    expect(await alice.field.inputValue()).toBe(tooLong);
    const box = await alice.field.boundingBox();
    expect(box!.x).toBeGreaterThanOrEqual(0);
    expect(box!.x + box!.width).toBeLessThanOrEqual(PHONE.viewport.width);
    await alice.page.getByRole('heading', { name: bob.name, level: 1 }).waitFor();
    await alice.say('Shorter');
  },
  DEADLINE_MS,
);

test(
  'on a phone a conversation says that the server is away, and what waits for it',
  async () => {
    const alice = await web.person('alice', PHONE);
    const bob = await web.person('bob', { gateway: 1 });
    await alice.begin(bob.name);
    await alice.say('First');
    const here = alice.page.locator('#main').getByRole('status');
    expect(await here.count()).toBe(0);
    const gateway = web.stack.constellation.gateways[0]!;
    await gateway.kill('SIGTERM');
    await here.getByText(/^(?:Offline|Connecting…)/).waitFor();
    await alice.say('Written meanwhile');
    await here.getByText('1 message waiting').waitFor();
    await gateway.restart();
    await here.waitFor({ state: 'detached' });
    await alice.seesStored('Written meanwhile');
  },
  DEADLINE_MS,
);

test(
  'whoever was blocked is found again and let in again, and is told that the other takes no messages meanwhile',
  async () => {
    const [alice, bob] = [await web.person('alice'), await web.person('bob')];
    await alice.begin(bob.name);
    await alice.say('Hello');
    await bob.look(alice.name);
    await bob.page.getByRole('button', { name: 'Block' }).click();
    const blocked = bob.page.getByText('Blocked (1)');
    await blocked.waitFor();
    await alice.say('Are you there?');
    await alice.sees('Not sent. This person does not accept messages from you');

    await blocked.click();
    await bob.look(alice.name);
    await bob.page.getByRole('button', { name: 'Unblock' }).click();
    await blocked.waitFor({ state: 'detached' });
    await bob.accept(alice.name);
    await alice.page.getByRole('button', { name: 'Send again' }).click();
    await bob.sees('Are you there?');
  },
  DEADLINE_MS,
);

test(
  'a page that is closed while its device is let in goes on with that when it is opened again',
  async () => {
    const alice = await web.person('alice');
    await alice.page.getByRole('link', { name: 'Devices' }).click();
    await alice.page.getByRole('button', { name: 'Link a device' }).click();
    const invitation = alice.page.getByRole('status', { name: 'Code for the new device' });
    await invitation.waitFor();
    const tablet = await web.pages.open();
    await tablet.getByText('Link device', { exact: true }).click();
    await tablet.getByLabel('Code of your other device').fill((await invitation.textContent()) ?? '');
    await tablet.getByRole('button', { name: 'Continue' }).click();
    const answer = await tablet.getByRole('status', { name: 'Code of this device' }).textContent();
    const [address, context] = [tablet.url(), tablet.context()];
    await tablet.close();

    await alice.page.getByLabel('Code of the new device').fill(answer ?? '');
    await alice.page.getByRole('button', { name: 'Link', exact: true }).click();
    await alice.page.getByText('The new device is linked.').waitFor();
    const again = await context.newPage();
    await again.goto(address);
    await again.getByText('Connected', { exact: true }).waitFor();
    expect(await alice.page.getByRole('listitem').filter({ hasText: 'since' }).count()).toBe(2);
  },
  DEADLINE_MS,
);

test(
  'whoever comes while the page names a wrong server gets in by trying again, once it names the right one',
  async () => {
    const alice = await web.person('alice');
    await alice.page.route('**/config.json', (route) =>
      route.fulfill({ json: { server: 'wss://chat.example' } }),
    );
    await alice.page.reload();
    await alice.page.getByText('is not the whole address of a server').waitFor();
    await alice.page.unroute('**/config.json');
    await alice.page.getByRole('button', { name: 'Try again' }).click();
    await alice.page.getByText('Connected', { exact: true }).waitFor();
  },
  DEADLINE_MS,
);
