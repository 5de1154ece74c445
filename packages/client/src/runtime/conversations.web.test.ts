import { expect, test } from '@jest/globals';
import { Outcomes } from '../conversations/outgoing/outcomes.ts';
import { victim } from '../conversations/testing/victim.ts';
import { ServerRefused } from '../errors.ts';
import { Emitter } from '../events.ts';
import { toBytes } from '../storage/json.ts';
import { settled } from '../testing/fake-clock.ts';
import { Conversations } from './conversations.ts';
import type { Runtime } from './runtime.ts';

test('a server that answers with the conversation with somebody else leads nobody there', async () => {
  const { core } = await victim([]);
  const outcomes = new Outcomes(() => undefined);
  const winner = 'c_0123456789abcdefgh';
  const record = {
    ...{ id: winner, purpose: 'people', peer: 'mallory', membership: 'member' },
    log: { kind: 'direct', roles: { victim: 'member', mallory: 'member' } },
  };
  await core.store.write([{ put: `conversation/${winner}`, value: toBytes(record) }]);
  await core.registry.load();
  core.outbox.enqueue = ({ id }) => {
    const refusal = {
      type: 'error' as const,
      code: 1006,
      error_code: 'CONVERSATION_EXISTS',
      error_message: '',
    };
    const refused = new ServerRefused({ ...refusal, conversation_id: winner });
    void settled().then(() => outcomes.settle(id, refused));
    return [];
  };
  const conversations = new Conversations(
    { core, outcomes } as unknown as Runtime,
    {} as never,
    new Emitter(),
  );
  await expect(conversations.direct('bob')).rejects.toThrow('not with bob');
});
