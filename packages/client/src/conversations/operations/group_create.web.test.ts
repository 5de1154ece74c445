import { expect, test } from '@jest/globals';
import { encodeBase64 } from '@securechat/protocol';
import { packageOf, person, victim } from '../testing/victim.ts';
import { buildCreate, type CreateIntent } from './group_create.ts';

test('a device that offers the key package of another one lets nobody in', async () => {
  const [mallory, ghost] = [await person('mallory'), await person('ghost')];
  const { core } = await victim([mallory, ghost]);
  const { bytes } = await packageOf(ghost);
  const intent: CreateIntent = {
    type: 'group_create',
    kind: 'group',
    purpose: 'people',
    users: ['victim', 'mallory'],
    packages: { 'mallory:d_1': encodeBase64(bytes) },
  };
  const built = core.registry.step('c_0123456789abcdefgh', (step) => buildCreate(core, step, intent, 'm_1'));
  await expect(built).rejects.toThrow('a key package is that of another device');
});
