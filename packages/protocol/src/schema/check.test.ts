import { describe, expect, test } from '@jest/globals';
import { checkerOf } from './check.ts';
import { type Schema, Type } from './type.ts';

const Person = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z]{1,8}$' }),
    age: Type.Optional(Type.Integer({ minimum: 0, maximum: 150 })),
    note: Type.Optional(Type.String({ maxLength: 3 })),
    key: Type.Optional(Type.String({ format: 'base64' })),
    share: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    kind: Type.Optional(Type.Union([Type.Literal('human'), Type.Literal(true)])),
    tags: Type.Optional(Type.Array(Type.Boolean(), { minItems: 1, maxItems: 2 })),
    counts: Type.Optional(Type.Record(Type.Integer())),
    friend: Type.Optional(Type.Object({ name: Type.String() }, { additionalProperties: false })),
  },
  { additionalProperties: Type.String(), maxProperties: 4 },
);
const check = checkerOf(Person);
const faultOf = (value: unknown): string | undefined => {
  const fault = check(value);
  return fault && `${fault.path} ${fault.keyword}`;
};

test.each<object>([
  { name: 'ann' },
  { name: 'ann', age: 0, note: '😀😀😀', key: 'AAAA' },
  { name: 'ann', share: 0.5, kind: true, tags: [true, false] },
  { name: 'ann', kind: 'human', counts: { a: 1, b: -1 }, friend: { name: '' } },
  { name: 'ann', toString: 'any name may be given to what is not listed' },
])('%j is taken', (value) => expect(faultOf(value)).toBeUndefined());

describe('a fault is told with its place and its rule', () => {
  test.each<[string, unknown]>([
    [' type', null],
    [' type', []],
    [' required', {}],
    ['/name type', { name: 7 }],
    ['/name pattern', { name: 'ann\n' }],
    ['/age type', { name: 'ann', age: 1.5 }],
    ['/age type', { name: 'ann', age: '1' }],
    ['/age type', { name: 'ann', age: null }],
    ['/age minimum', { name: 'ann', age: -1 }],
    ['/age maximum', { name: 'ann', age: 151 }],
    ['/note maxLength', { name: 'ann', note: 'long' }],
    ['/key format', { name: 'ann', key: 'AAAA=' }],
    ['/share maximum', { name: 'ann', share: 1.01 }],
    ['/share type', { name: 'ann', share: Number.NaN }],
    ['/kind anyOf', { name: 'ann', kind: false }],
    ['/tags minItems', { name: 'ann', tags: [] }],
    ['/tags maxItems', { name: 'ann', tags: [true, true, true] }],
    ['/tags/1 type', { name: 'ann', tags: [true, 1] }],
    ['/counts/b type', { name: 'ann', counts: { a: 1, b: 'x' } }],
    ['/friend required', { name: 'ann', friend: {} }],
    ['/friend additionalProperties', { name: 'ann', friend: { name: 'bob', age: 1 } }],
    ['/toString type', { name: 'ann', toString: 1 }],
    [' maxProperties', { name: 'ann', a: 'a', b: 'b', c: 'c', d: 'd' }],
  ])('%s', (fault, value) => expect(faultOf(value)).toBe(fault));
});

test('a rule that is not known is refused when the check is made, not passed over', () => {
  expect(() => checkerOf({ type: 'date' } as Schema)).toThrow('unknown schema type');
  expect(() => checkerOf({ type: 'string', format: 'email' } as Schema)).toThrow('unknown format');
  expect(() => checkerOf({ type: 'string', minLength: 1 } as Schema)).toThrow('minLength');
});

test('nothing is made from text, so a page may forbid that', () => {
  const { Function: make } = globalThis;
  globalThis.Function = (() => {
    throw new Error('code was made at run time');
  }) as unknown as FunctionConstructor;
  try {
    expect(checkerOf(Person)({ name: 'ann' })).toBeUndefined();
  } finally {
    globalThis.Function = make;
  }
});
