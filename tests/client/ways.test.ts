import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { webSocketOrTcp } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { useConnections } from './support/connect.ts';
import { type DoorMode, openFickleDoor } from './support/fickle-door.ts';

const stack = useConstellation({ gateways: 1 });
const { test } = stack;
const open = useConnections(stack);
/** One login with all of its 15 s, and a little. */
const PATIENT_MS = 60_000;

let door: Awaited<ReturnType<typeof openFickleDoor>>;
beforeAll(async () => {
  door = await openFickleDoor(stack.constellation.gateways[0]!.port('websocket'));
});
afterAll(() => door.close());

/** Connections of one person, one after the other; each says how often it has knocked at the WebSocket's door. */
async function travel(probeBackMs?: number) {
  const alice = await stack.person('alice');
  const { tcpPort } = stack.constellation.gateways[0]!;
  const transport = webSocketOrTcp({
    tcp: `tcp://127.0.0.1:${tcpPort}`,
    ...(probeBackMs === undefined ? {} : { probeBackMs }),
  });
  return async (mode: DoorMode): Promise<number> => {
    door.mode = mode;
    door.calls = 0;
    const { connection } = open(alice, { urls: [`ws://127.0.0.1:${door.port}/v1/ws`], transport });
    await until('it is connected', () => connection.state === 'connected', PATIENT_MS);
    await connection.stop();
    return door.calls;
  };
}

describe('where there are two ways', () => {
  test('the WebSocket is taken, and again', async () => {
    const go = await travel();
    expect([await go('open'), await go('open')]).toEqual([1, 1]);
  });

  test('TCP is taken at once where that is closed, first from then on, and not for ever', async () => {
    const go = await travel(3_000);
    expect([await go('closed'), await go('open')]).toEqual([1, 0]);
    await sleep(3_100);
    expect([await go('open'), await go('open')]).toEqual([1, 1]);
  });

  test(
    'TCP is taken when the WebSocket does not open in time',
    async () => {
      const go = await travel();
      // Node's own WebSocket knocks once more when it is given up
      expect(await go('silent')).toBeGreaterThan(0);
      expect(await go('open')).toBe(0);
    },
    PATIENT_MS,
  );

  test(
    'TCP is taken when the WebSocket opens and nothing comes of it',
    async () => {
      const go = await travel();
      expect([await go('mute'), await go('open')]).toEqual([1, 0]);
    },
    PATIENT_MS,
  );
});
