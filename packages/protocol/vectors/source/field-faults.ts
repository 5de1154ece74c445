import { type Fault, memberFault } from './faults.ts';
import { base64PatternOf, ConversationId, ID_PATTERN, UserId } from './protocol.ts';

const patternOf = (schema: Schema): string | undefined => schema.pattern;

type Schema = {
  type?: string;
  pattern?: string;
  format?: string;
  const?: unknown;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: readonly string[];
};
type Bad = readonly [name: string, value: unknown];

/**
 * For each member that the schema lists: missing, of another JSON type, and just outside its grammar. The full list
 * of bad values of a kind is used at its first field in a type; later fields get the first two, in the other
 * direction as well: `kindsSeen` is shared.
 */
export function fieldFaults(
  schema: Schema,
  message: Record<string, unknown>,
  kindsSeen: Set<string>,
): Fault[] {
  function ofObject(object: Schema, value: Record<string, unknown>, at: string): Fault[] {
    return Object.entries(object.properties ?? {}).flatMap(([name, member]) => {
      const pointer = `${at}/${name}`;
      const isPresent = value[name] !== undefined;
      const missing =
        object.required?.includes(name) && isPresent ? [memberFault(message, 'missing', pointer)] : [];
      // What the sample omits is added only where the objects around it exist.
      return [...missing, ...ofValue(member, value[name], pointer)];
    });
  }

  function ofValue(member: Schema, value: unknown, at: string): Fault[] {
    const kind = kindOf(member);
    const all = badValues(member, value);
    const bad = kindsSeen.has(kind) ? all.slice(0, 2) : all;
    kindsSeen.add(kind);
    const faults = bad.map(([name, wrong]) => memberFault(message, name, at, wrong));
    if (member.properties && value) faults.push(...ofObject(member, value as Record<string, unknown>, at));
    if (member.items && Array.isArray(value) && value.length > 0) {
      faults.push(...ofValue(member.items, value[0], `${at}/0`));
    }
    return faults;
  }

  return ofObject(schema, message, '');
}

function kindOf(schema: Schema): string {
  const { type, pattern, format, minimum, maximum } = schema;
  return JSON.stringify({ type, pattern, format, minimum, maximum, const: schema.const });
}

function badValues(schema: Schema, value: unknown): Bad[] {
  if (schema.const !== undefined)
    return [
      ['another value', 'ping pong'],
      ['null', null],
    ];
  switch (schema.type) {
    case 'integer':
      return badIntegers(schema);
    case 'number':
      return [
        ['text', '2'],
        ['null', null],
        ['below its range', (schema.minimum ?? 0) - 0.5],
      ];
    case 'boolean':
      return [
        ['a number', 1],
        ['text', 'true'],
        ['null', null],
      ];
    case 'string':
      return [['a number', 7], ...badTexts(schema, typeof value === 'string' ? value : ''), ['null', null]];
    case 'array':
      return badLists(schema, value);
    case 'object':
      return [
        ['text', '{}'],
        ['a list', []],
        ['null', null],
      ];
    default:
      return [];
  }
}

function badIntegers(schema: Schema): Bad[] {
  const { minimum = 0, maximum = 0 } = schema;
  return [
    ['text', String(minimum)],
    ['below its range', minimum - 1],
    ['above its range', maximum + 1],
    ['a fraction', minimum + 0.5],
    ['a list', [minimum]],
    ['null', null],
    ['a boolean', true],
  ];
}

function badLists(schema: Schema, value: unknown): Bad[] {
  const items = Array.isArray(value) ? value : [];
  const { minItems = 0, maxItems } = schema;
  return [
    ['an object', {}],
    ['null', null],
    ...(minItems > 0 ? [['too few', items.slice(0, minItems - 1)] as const] : []),
    ...(maxItems !== undefined && items.length > 0
      ? [['too many', Array.from({ length: maxItems + 1 }, () => items[0])] as const]
      : []),
  ];
}

const ids: readonly Bad[] = [
  ['65 characters', 'i'.repeat(65)],
  ['empty', ''],
  ['a space', 'a b'],
  ['a colon', 'a:b'],
  ['a letter beyond ASCII', 'аlice'],
  ['a line break at the end', 'alice\n'],
];

function badTexts(schema: Schema, value: string): readonly Bad[] {
  if (schema.format === 'base64') return badBase64(value);
  switch (schema.pattern) {
    case ID_PATTERN:
      return ids;
    case patternOf(UserId):
      return [['the prefix of conversations', 'c_alice'], ...ids];
    case patternOf(ConversationId):
      return [
        ['another prefix', `C_${'a'.repeat(16)}`],
        ['too short', `c_${'a'.repeat(15)}`],
        ['too long', `c_${'a'.repeat(63)}`],
        ['a colon', `c_${'a'.repeat(16)}:`],
      ];
    case base64PatternOf(16):
    case base64PatternOf(32):
    case base64PatternOf(64):
      return badFixedBase64(value || ANY_32_BYTES);
    default:
      return schema.pattern ? [['a character of no grammar here', '\u00a7']] : [];
  }
}

/** For optional members that a sample omits. */
const ANY_32_BYTES = `${'A'.repeat(43)}=`;

function badFixedBase64(value: string): readonly Bad[] {
  const characters = value.replaceAll('=', '');
  const padding = value.slice(characters.length);
  const last = characters.slice(-1) === 'A' ? 'B' : 'D';
  return [
    ['a group too long', `AAAA${value}`],
    ['no padding', characters],
    ['unused bits set', characters.slice(0, -1) + last + padding],
    ['the URL alphabet', `${characters.slice(0, 4)}-${value.slice(5)}`],
    ['a group too short', value.slice(4)],
    ['a line break at the end', `${value}\n`],
    ['hexadecimal', 'ab'.repeat(32)],
    ['empty', ''],
  ];
}

function badBase64(value: string): readonly Bad[] {
  return [
    ['no padding', 'AAECAw'],
    ['unused bits set', 'AAECAx=='],
    ['unused bits set before one padding', 'AAECAwR='],
    ['the URL alphabet', 'AAE_'],
    ['padding of no text', '===='],
    ['padding in the middle', 'AA==AAAA'],
    ['three paddings', 'A==='],
    ['a line break', `${value}\n`],
    ['a space', ' AAECAwQ'],
    ['a letter beyond ASCII', 'AAĀA'],
  ];
}
