import { tcpTransport } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { EvilMember } from '../support/evil-member.ts';
import { useEvilServers } from '../support/evil-server.ts';
import { useDevices } from '../support/people.ts';
import { useWeb } from './support/use-web.ts';

const web = useWeb();
const { test } = web.stack;
const devices = useDevices(web.stack);
const evilServer = useEvilServers(web.stack);

test('a group that a member has spoiled says so, keeps what is written, and is started over by its owner', async () => {
  const server = await evilServer();
  const mallory = await devices.signUp('mallory', { socket: server.url, transport: tcpTransport() });
  const alice = await web.person('alice');
  const bob = await web.person('bob');
  await alice.beginGroup('Us', [bob.name, mallory.client.me.userId]);
  await alice.say('Welcome');
  await bob.accept('Us');
  const [theirs] = await until('Mallory is in', () => {
    const all = mallory.client.conversations().filter(({ kind }) => kind === 'group');
    return all.length > 0 && all;
  });
  await new EvilMember(mallory, server).spoil(theirs!.id);

  await alice.page.getByRole('alert', { name: 'Warnings' }).waitFor();
  await alice.say('Written meanwhile');
  const bar = alice.page.getByRole('alert').filter({ hasText: 'This conversation is stuck' });
  await bar.waitFor();
  await bar.getByRole('button', { name: 'Start over' }).click();
  await bar.getByRole('group').getByRole('button', { name: 'Start over' }).click();
  await bar.waitFor({ state: 'detached' });
  await bob.sees('Written meanwhile');
  await bob.say('And answered');
  await alice.sees('And answered');
}, 180_000);
