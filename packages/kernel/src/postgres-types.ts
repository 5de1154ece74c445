import { types } from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;

type Parser = (value: string) => unknown;

/** As pg does, except that int8 becomes a number, since all our counters stay below 2^53. Throws a RangeError beyond. */
export const getTypeParser = ((oid: number, format?: 'text' | 'binary') => {
  if (format === 'binary') return types.getTypeParser(oid, 'binary');
  if (oid === INT8) return parseInt8;
  if (oid === INT8_ARRAY) return parseInt8Array;
  return types.getTypeParser(oid, 'text') as Parser;
}) as typeof types.getTypeParser;

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new RangeError(`int8 ${text} is beyond what a number can hold exactly`);
  return value;
}

/** One dimension: `{1,NULL,3}`. */
function parseInt8Array(text: string): (number | null)[] {
  if (text === '{}') return [];
  return text
    .slice(1, -1)
    .split(',')
    .map((item) => (item === 'NULL' ? null : parseInt8(item)));
}
