import { expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import type { Person } from './support/person.ts';
import { useWeb } from './support/use-web.ts';

/**
 * Two pages on one machine find each other at its loopback address, which Chromium leaves out otherwise; and it names addresses to pages
 * only behind names that need multicast.
 */
const web = useWeb({
  presences: 1,
  chromiumFlags: ['--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns'],
});
const { test } = web.stack;

const DEADLINE_MS = 240_000;
const PATIENT_MS = 60_000;

/** Two people who have both said something: nobody else is shown, or can be called. */
async function openPair(): Promise<{ alice: Person; bob: Person }> {
  const alice = await web.person('alice');
  const bob = await web.person('bob', { gateway: 1 });
  await alice.begin(bob.name);
  await alice.say('Hello');
  await bob.accept(alice.name);
  await bob.say('Hello, too');
  await alice.sees('Hello, too');
  return { alice, bob };
}

const header = (person: Person, text: string) =>
  person.page.getByRole('banner').or(person.page.locator('header.bar')).getByText(text);

test(
  'who is there and who writes is seen by the other, and that somebody has gone',
  async () => {
    const { alice, bob } = await openPair();
    await header(bob, 'Online').first().waitFor();
    await alice.field.pressSequentially('I am wri');
    await header(bob, 'typing…').first().waitFor();
    await alice.page.close();
    for (const gone of ['typing…', 'Online']) await header(bob, gone).first().waitFor({ state: 'detached' });
    expect(await header(bob, 'typing…').count()).toBe(0);
  },
  DEADLINE_MS,
);

test(
  'two pages connect directly once both people have allowed it, and say so; what comes is there once',
  async () => {
    const { alice, bob } = await openPair();
    const turn = async (person: Person, other: Person, isOn: boolean): Promise<void> => {
      const box = person.page.getByLabel(`Connect directly with ${other.name}`);
      expect(await box.isChecked()).toBe(!isOn);
      await box.click();
      await until('it is so', async () => (await box.isChecked()) === isOn);
    };
    const allow = async (person: Person, other: Person): Promise<void> => {
      const back = person.page.url();
      await person.page.goto(`${new URL(back).origin}/#/person/${other.name}`);
      await turn(person, other, true);
      await person.page.goto(back);
      await person.field.waitFor();
    };
    await allow(alice, bob);
    await header(alice, 'Through the server').waitFor();
    await allow(bob, alice);
    for (const person of [alice, bob])
      await header(person, 'Connected directly').waitFor({ timeout: PATIENT_MS });

    // there is no other way now
    const { deliveries } = web.stack.constellation;
    for (const delivery of deliveries) await delivery.kill('SIGKILL');
    await alice.say('Straight to you');
    await bob.sees('Straight to you');
    for (const delivery of deliveries) await delivery.restart();
    await alice.seesStatus('Straight to you', 'Read');
    await until('it is there once', async () => (await bob.bubble('Straight to you').count()) === 1);

    await bob.page.goto(`${new URL(bob.page.url()).origin}/#/person/${alice.name}`);
    await turn(bob, alice, false);
    await header(alice, 'Through the server').waitFor({ timeout: PATIENT_MS });
  },
  DEADLINE_MS,
);
