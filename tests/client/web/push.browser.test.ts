import { afterAll, expect } from '@jest/globals';
import { startPushService, until } from '@securechat/testkit';
import type { Page } from 'playwright-core';
import { Person } from './support/person.ts';
import { useWeb } from './support/use-web.ts';
import { pretendToSubscribe, wakerOf } from './support/waking.ts';

const service = await startPushService();
afterAll(() => service.close());
const web = useWeb({
  pushes: 1,
  env: {
    push: { PUSH_WAIT_MS: '500ms', PUSH_LOOK_EVERY_MS: '200ms', PUSH_ALLOWED_ORIGINS: service.origin },
  },
});
const { test } = web.stack;

const DEADLINE_MS = 300_000;
const PATIENT_MS = 60_000;

test(
  'a page that is closed is woken, and shows what was said, decrypted by itself; something when it cannot reach the server',
  async () => {
    const place = service.subscribe();
    const alice = await web.person('alice');
    const bob = await web.person('bob', {
      ...{ gateway: 1, permissions: ['notifications'], initScript: pretendToSubscribe(place) },
    });
    await alice.begin(bob.name);
    await alice.say('Hello');
    await bob.accept(alice.name);
    await bob.sees('Hello');
    await bob.page.getByRole('link', { name: 'Settings' }).click();
    await bob.page.getByLabel('Notify me while this page is closed').click();
    await until('it is on', () => bob.page.getByLabel('Notify me while').isChecked(), PATIENT_MS);

    const context = bob.page.context();
    const { origin } = new URL(bob.page.url());
    const waker = await wakerOf(context, origin);
    await bob.page.close();
    await alice.say('The plan begins at noon');
    await until('the server wakes Bob', () => place.received.length > 0, PATIENT_MS);
    await waker.deliver(place.received[0]?.content ?? '');
    await until('a notification', async () => (await waker.notes()).length > 0, PATIENT_MS);
    const [note, ...others] = await waker.notes();
    expect(others).toEqual([]);
    expect(note).toMatchObject({ title: alice.name, body: 'The plan begins at noon' });
    expect(note?.data).toMatch(/^#\/c\//);

    const back = await openBob(`${origin}/${note?.data}`);
    await back.sees('The plan begins at noon');
    expect(await back.bubble('The plan begins at noon').count()).toBe(1);
    await until('there is nothing to notify of', async () => (await waker.notes()).length === 0, PATIENT_MS);
    await back.page.goto(`${origin}/#/`);
    await waker.click(note?.data ?? '');
    await back.page.getByRole('heading', { name: alice.name, level: 1 }).waitFor();
    await back.page.close();

    for (const gateway of web.stack.constellation.gateways) await gateway.kill('SIGTERM');
    await waker.deliver('');
    await until('a notification nevertheless', async () => (await waker.notes()).length > 0, PATIENT_MS);
    expect(await waker.notes()).toMatchObject([{ title: 'SecureChat', body: 'There may be new messages' }]);

    async function openBob(address: string): Promise<Person> {
      const page: Page = await context.newPage();
      await page.goto(address);
      return new Person(page, bob.name);
    }
  },
  DEADLINE_MS,
);
