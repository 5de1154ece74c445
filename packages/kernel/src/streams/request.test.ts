import { expect, test } from '@jest/globals';
import { PoisonError } from '../errors.ts';
import { parseQuestion } from './request.ts';

const parse = (text: string) => parseQuestion({ body: Buffer.from(text) });

test('a question is the JSON object that was sent', () => {
  expect(parse('{"kind":"login","user_id":"alice"}')).toEqual({ kind: 'login', user_id: 'alice' });
});

test('what is no JSON object can never be answered, and nothing of it is in the error', () => {
  for (const text of ['', 'a secret', '{"kind":"a secret"', 'null', '"a secret"', '7']) {
    expect(() => parse(text)).toThrow(PoisonError);
    expect(() => parse(text)).toThrow(/^The body of a request is not a JSON object$/);
  }
});
