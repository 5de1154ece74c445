import { expect } from '@jest/globals';
import { migrate, nowSeconds, ROOT } from '@securechat/testkit';
import { openPair } from '../support/pair.ts';
import { ownersOf, streamsOf } from '../support/partitions.ts';
import { useConstellation } from '../support/stack.ts';
import { expectPromisesKept, openCompany, report, startTraffic } from '../support/traffic.ts';

/** Where the previous release is installed; `npm run upgrade` says so. */
const PREVIOUS = process.env.UPGRADE_FROM ?? '';

const stack = useConstellation({
  auths: 2,
  deliveries: 2,
  gateways: 2,
  presences: 2,
  redis: 'own',
  postgres: 'own',
  root: PREVIOUS,
});
const { test } = stack;

/** Often enough for both presence processes to pass it on. */
const TYPINGS = 8;

/** Who types at a gateway of either release is told at the other. */
async function tellWhoTypes(): Promise<void> {
  const { alice, bob, conversation } = await openPair(stack);
  const { client: asAlice } = await stack.login(alice, { device: 1, where: 0 });
  const { client: asBob } = await stack.login(bob, { device: 1, where: 1 });
  for (let times = 0; times < TYPINGS; times++) {
    for (const [sender, receiver, person] of [
      [asAlice, asBob, alice],
      [asBob, asAlice, bob],
    ] as const) {
      sender.send('typing', {
        ...{ type: 'typing', chat_id: conversation.id, typing: true, expires_at: nowSeconds() + 5 },
      });
      expect(await receiver.next('typing')).toMatchObject({ chat_id: conversation.id, user_id: person.id });
    }
  }
}

/**
 * Expand, then contract: the new release's tables carry both releases, and so do the streams. One process of each kind
 * is replaced, then the two releases work side by side, in every combination; then the rest follows. Going back to the
 * previous release on the new tables has to work as well: that is how an operator gets out of a bad evening.
 */
test('the previous release and this one work side by side: nothing acked is lost on the way up, nor on the way back', async () => {
  const { auths, deliveries, presences, gateways, stores } = stack.constellation;
  const processes = [auths, deliveries, presences, gateways].flat();
  expect(processes.map(({ root }) => root)).toEqual(processes.map(() => PREVIOUS));
  const company = await openCompany(stack);
  const streams = await streamsOf(stack, company.talkers);
  const traffic = await startTraffic(company);
  const go = async (root: string, index: number): Promise<void> => {
    for (const some of [auths, deliveries, presences, gateways]) {
      await some[index]!.restart(root);
      await traffic.goOn();
    }
  };

  await migrate(stores.postgresUrl, ROOT);
  await traffic.goOn();
  await go(ROOT, 0);

  // side by side: each gateway lets people in, whichever auth and delivery answer
  const [doomed] = await ownersOf(stack, company.talkers, streams, 'any');
  const strike = await traffic.strike(() => doomed.process.kill('SIGKILL'), doomed.talkers);
  await traffic.goOn();
  await doomed.process.restart();
  for (const where of [0, 1]) {
    const newcomer = await stack.person('newcomer', { devices: 1 });
    const host = await stack.person('host', { devices: 1 });
    const client = await stack.open(newcomer, { where });
    const conversation = await client.groups.createDirect(host);
    await client.sendChat(conversation, 'hello');
  }
  await tellWhoTypes();

  await go(ROOT, 1);
  expect(processes.map(({ root }) => root)).toEqual(processes.map(() => ROOT));
  await go(PREVIOUS, 0);
  await traffic.end();

  report('upgraded, and one of each taken back', await expectPromisesKept(stack, traffic, strike));
}, 240_000);
