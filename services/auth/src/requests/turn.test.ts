import { describe, expect, test } from '@jest/globals';
import { createTestClock } from '@securechat/kernel/testing';
import { createTurn } from './turn.ts';

const clock = createTestClock(1_700_000_000_000);
const SECRET = 'north of the river, behind the mill';

function open(secret: string | undefined, left = 1) {
  const taken = { count: left, retryAfterMs: left > 0 ? 0 : 5_000, giveBack: async () => {} };
  const turnUrls = secret === undefined ? [] : ['turn:turn.example.org:3478'];
  const keyLimits = { take: async () => taken };
  const turn = createTurn({
    turnUrls,
    turnSecret: secret,
    turnValidMs: 3_600_000,
    keyLimits,
    clock,
  } as never);
  return (user: number) => turn({ user });
}

describe('credentials for a TURN server', () => {
  test('are what coturn computes from the shared secret', async () => {
    // the password computed by another implementation: python3 -c 'hmac.new(secret, name, "sha1")', base64
    expect(await open(SECRET)(17)).toEqual({
      ok: true,
      urls: ['turn:turn.example.org:3478'],
      username: '1700003600:2GnfeSPvWDgRO2K8',
      password: '65xWJMlPUoCoWITOqLoLmJmKL1Q=',
      expires_at: 1_700_003_600,
    });
  });

  test('have the same name for a user at any time, another for another user, and none says who it is', async () => {
    const nameOf = async (user: number) => {
      const answer = await open(SECRET)(user);
      return answer.ok ? answer.username.split(':')[1] : undefined;
    };
    expect(await nameOf(17)).toBe(await nameOf(17));
    expect(await nameOf(18)).not.toBe(await nameOf(17));
    expect(await nameOf(17)).not.toContain('17');
  });

  test('are not given where there is no server, nor beyond the quota', async () => {
    expect(await open(undefined)(17)).toMatchObject({ urls: [], password: '' });
    expect(await open(SECRET, 0)(17)).toEqual({
      ok: false,
      error: 'RATE_LIMITED',
      detail: { scope: 'turn_credentials', retry_after_ms: 5_000 },
    });
  });
});
