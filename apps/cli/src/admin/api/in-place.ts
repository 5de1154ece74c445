import { checkerOf, type Schema, Type } from '@securechat/protocol';
import { CommandFailed } from '../../failures.ts';
import { jsonIn } from '../json-in.ts';
import type { Place } from '../places/place.ts';
import { textFrom } from '../places/run.ts';
import { type AdminAnswer, type Transport, Unreachable } from './transport.ts';

/** A program starts there first: a second or two, and twenty on two cores that are busy with other things. */
const DEADLINE_MS = 60_000;

const Answer = Type.Object({ status: Type.Integer(), text: Type.String() });
const check = checkerOf(Answer as Schema);

/** By a program beside auth, which has the admin token and does not give it away. The request goes through a pipe: arguments are seen by others. */
export function inPlaceTransport(place: Place): Transport {
  return async (request) => {
    const start = await place.start({ service: 'auth', file: 'call-admin.ts', args: [], isAsked: true });
    try {
      return answerIn(await textFrom(start, { input: JSON.stringify(request), deadlineMs: DEADLINE_MS }));
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      throw new Unreachable(error.message, error.advice, { isRetryable: true });
    }
  };
}

function answerIn(text: string): AdminAnswer {
  const value = jsonIn(text);
  if (check(value))
    throw new CommandFailed('What answered is not the program of auth', 'Is it of this release?');
  return value as AdminAnswer;
}
