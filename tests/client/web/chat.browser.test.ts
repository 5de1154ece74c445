import { expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import { useDevices } from '../support/people.ts';
import { useWeb } from './support/use-web.ts';

const web = useWeb();
const { test } = web.stack;
const devices = useDevices(web.stack);

/** A PNG of one pixel. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Several people sign up in each: tens of seconds on two busy cores. */
const DEADLINE_MS = 180_000;

test(
  'two people on different gateways chat: a request first, then replies, edits, reactions and what has been read',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob', { gateway: 1 });
    await alice.begin(bob.name);
    await alice.say('Hello **Bob**', 'Hello Bob');
    await alice.seesStored('Hello Bob');

    await bob.look(alice.name);
    await bob.sees('Hello Bob');
    expect(await bob.field.count()).toBe(0);
    await bob.accept(alice.name);
    await alice.seesStatus('Hello Bob', 'Read');

    await bob.say('Hello @nobody');
    await alice.sees('Hello @nobody');
    await alice.bubble('Hello @nobody').hover();
    await alice.page.getByRole('button', { name: 'Reply' }).click();
    await alice.say('An answer');
    await bob.bubble('An answer').getByText('Hello @nobody').waitFor();

    await alice.field.press('ArrowUp');
    expect(await alice.field.inputValue()).toBe('An answer');
    await alice.field.fill('A better answer');
    await alice.field.press('Enter');
    await bob.bubble('A better answer').getByText('edited').waitFor();

    await bob.bubble('A better answer').hover();
    await bob.page.getByRole('button', { name: 'React', exact: true }).click();
    await bob.page.getByRole('button', { name: 'React with 👍' }).click();
    await alice
      .bubble('A better answer')
      .getByRole('button', { name: `👍 by ${bob.name}` })
      .waitFor();

    await alice.bubble('A better answer').hover();
    await alice.page.getByRole('button', { name: 'Delete for everyone' }).click();
    await alice.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await bob.sees('Message deleted');
  },
  DEADLINE_MS,
);

test(
  'a thread stands beside the conversation, with a mark at the message that it hangs on',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob');
    await alice.begin(bob.name);
    await alice.say('Where shall we meet?');
    await bob.accept(alice.name);
    await bob.bubble('Where shall we meet?').hover();
    await bob.page.getByRole('button', { name: 'Open thread' }).click();
    const reply = bob.page.getByRole('textbox', { name: 'Reply in thread' });
    await reply.fill('At the station');
    await reply.press('Enter');

    await alice.page.getByRole('button', { name: 'Thread · 1 new reply' }).click();
    await alice.page.getByRole('complementary', { name: 'Thread' }).getByText('At the station').waitFor();
    await alice.page.getByRole('button', { name: 'Thread', exact: true }).waitFor();
    await reply.press('Escape');
    expect(await bob.page.getByRole('complementary').count()).toBe(0);
  },
  DEADLINE_MS,
);

test(
  'who is removed from a group reads what was said before, and nothing that follows',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob', { gateway: 1 });
    const carol = await web.person('carol');
    await alice.beginGroup('Hiking', [bob.name, carol.name]);
    await alice.say('Who is in?');
    await bob.accept('Hiking');
    await carol.accept('Hiking');
    await carol.sees('Who is in?');
    await carol.say('Me');
    await alice.sees('Me');

    await alice.page.getByRole('link', { name: 'About this conversation' }).click();
    await alice.page.getByRole('button', { name: `Remove ${carol.name}` }).click();
    await alice.page.getByText(`You removed ${carol.name}`).first().waitFor();
    await carol.page.getByText('You are no longer a member.').waitFor();
    await alice.say('Only the two of us');
    await bob.sees('Only the two of us');
    expect(await carol.bubble('Only the two of us').count()).toBe(0);
    await carol.sees('Who is in?');
  },
  DEADLINE_MS,
);

test(
  'receipts say for each member how far a message has come',
  async () => {
    const alice = await web.person('alice');
    const bob = await web.person('bob');
    const carol = await web.person('carol');
    await alice.beginGroup('Choir', [bob.name, carol.name]);
    await alice.say('Tonight at eight');
    await bob.accept('Choir');
    await bob.sees('Tonight at eight');
    await alice.seesStatus('Tonight at eight', 'Delivered');
    await alice.bubble('Tonight at eight').hover();
    await alice.page.getByRole('button', { name: 'Who has received and read it' }).click();
    const dialog = alice.page.getByRole('dialog');
    await dialog.getByRole('region', { name: 'Read by' }).getByText(bob.name).waitFor();
    await dialog.getByRole('region', { name: 'Delivered to' }).getByText(carol.name).waitFor();
    await alice.page.keyboard.press('Escape');
    expect(await alice.page.getByRole('dialog').count()).toBe(0);
  },
  DEADLINE_MS,
);

test(
  'a preview of a link is what its sender made of it, and the page asks nobody for it',
  async () => {
    const alice = await web.person('alice');
    const { client } = await devices.signUp('sender');
    const chat = await client.direct(alice.name);
    const url = 'https://news.example/today';
    const image = Buffer.from(PICTURE, 'base64');
    const preview = { url, title: 'News of today', description: 'What has happened', image };
    await chat.send({ text: 'Have you read this?', preview });
    await alice.look(client.me.userId);
    const card = alice.bubble('Have you read this?').getByRole('link', { name: 'News of today' });
    await card.waitFor();
    expect(await card.getAttribute('href')).toBe(url);
    expect(await card.getAttribute('rel')).toContain('noreferrer');
    for (const part of ['What has happened', 'news.example'])
      expect(await card.textContent()).toContain(part);
    const widthOf = () => card.locator('img').evaluate((each) => (each as HTMLImageElement).naturalWidth);
    await until('the picture is shown', async () => (await widthOf()) === 1);
    // what the page has asked for, and of whom, is looked at behind every test
  },
  DEADLINE_MS,
);

test(
  'a link into a group brings in whoever opens it and says so, and is gone from the address',
  async () => {
    const alice = await web.person('alice');
    await alice.beginGroup('Open house', []);
    await alice.page.getByRole('link', { name: 'About this conversation' }).click();
    await alice.page.getByRole('button', { name: 'Make a link' }).click();
    const link = await alice.page.getByLabel('Link into the group', { exact: true }).textContent();
    await alice.page.getByText(/^For 1 person, until/).waitFor();

    const bob = await web.person('bob', { gateway: 1 });
    const { hash } = new URL(link ?? '');
    await bob.page.goto(`${new URL(bob.page.url()).origin}/${hash}`);
    await bob.page.getByRole('heading', { name: 'Join a group' }).waitFor();
    await bob.page.waitForFunction(() => location.hash === '#/join');
    await bob.page.getByRole('button', { name: 'Join', exact: true }).click();
    await bob.page.getByRole('heading', { name: 'Open house', level: 1 }).waitFor();
    await bob.say('Here I am');
    await alice.sees('Here I am');
    await alice.page.getByText(/^For 1 person, until/).waitFor({ state: 'detached' });

    // used up: who comes late is told, and is no request of a stranger to whoever made it
    const late = await web.person('late');
    await late.page.goto(`${new URL(late.page.url()).origin}/${hash}`);
    await late.page.getByRole('button', { name: 'Join', exact: true }).click();
    await late.page.getByText('This link is no longer valid').waitFor();
    expect(await alice.page.getByRole('heading', { name: /^Requests/ }).count()).toBe(0);
    await late.begin(alice.name);
    await late.say('May I come in?');
    await alice.page.getByRole('heading', { name: 'Requests (1)' }).waitFor();
  },
  DEADLINE_MS,
);
