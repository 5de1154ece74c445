import { isBase64 } from '../base64.ts';
import type { Schema } from './type.ts';

/** What is wrong: where (a JSON pointer) and which rule it breaks. The first fault found. */
export type Fault = { path: string; keyword: string };
export type Check = (value: unknown) => Fault | undefined;

/** Everything that `Type` can express. */
type Rules = {
  type?: string;
  const?: unknown;
  anyOf?: Rules[];
  properties?: Record<string, Rules>;
  required?: string[];
  additionalProperties?: boolean | Rules;
  patternProperties?: Record<string, Rules>;
  maxProperties?: number;
  items?: Rules;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
};
/** The rules allowed for each type. A rule that is written but not checked would be worse than none. */
const RULES_OF: Record<string, readonly (keyof Rules)[]> = {
  object: ['properties', 'required', 'additionalProperties', 'patternProperties', 'maxProperties'],
  array: ['items', 'minItems', 'maxItems'],
  string: ['pattern', 'format', 'maxLength', 'const'],
  boolean: ['const'],
  integer: ['minimum', 'maximum'],
  number: ['minimum', 'maximum'],
};

/**
 * A function that checks values against a schema. Built from closures and not from source text, so that it works
 * where code generation is forbidden, as under a strict Content Security Policy.
 */
export function checkerOf(schema: Schema): Check {
  return compile(schema as Rules);
}

function compile(rules: Rules): Check {
  if (rules.anyOf) return oneOf(rules.anyOf.map(compile));
  const { type = '', ...others } = rules;
  const known: readonly string[] | undefined = RULES_OF[type];
  if (!known) throw new TypeError(`unknown schema type ${type}`);
  const unknown = Object.keys(others).find((rule) => !known.includes(rule));
  if (unknown) throw new TypeError(`unknown schema rule ${unknown}`);
  if ('const' in rules) return (value) => (value === rules.const ? undefined : fault('const'));
  switch (type) {
    case 'object':
      return objectOf(rules);
    case 'array':
      return arrayOf(rules);
    case 'string':
      return stringOf(rules);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? undefined : fault('type'));
    case 'integer':
      return numberOf(rules, Number.isInteger);
    default:
      return numberOf(rules, Number.isFinite);
  }
}

const fault = (keyword: string, path = ''): Fault => ({ path, keyword });
const within = (name: string | number, { path, keyword }: Fault): Fault => fault(keyword, `/${name}${path}`);

function oneOf(checks: Check[]): Check {
  return (value) => (checks.some((check) => check(value) === undefined) ? undefined : fault('anyOf'));
}

function objectOf(rules: Rules): Check {
  const properties = Object.entries(rules.properties ?? {}).map(([name, rule]) => ({
    name,
    check: compile(rule),
    isRequired: rules.required?.includes(name) ?? false,
  }));
  const checkOthers = othersOf(rules);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fault('type');
    const members = value as Record<string, unknown>;
    for (const { name, check, isRequired } of properties) {
      const member = members[name];
      if (member === undefined && isRequired) return fault('required');
      const found = member === undefined ? undefined : check(member);
      if (found) return within(name, found);
    }
    return checkOthers?.(members);
  };
}

/** Handles unlisted members, where not all are allowed. */
function othersOf(rules: Rules): ((members: Record<string, unknown>) => Fault | undefined) | undefined {
  const { additionalProperties: others = true, maxProperties = Number.POSITIVE_INFINITY } = rules;
  const anyName = rules.patternProperties?.['^.*$'] ?? (typeof others === 'object' ? others : undefined);
  if (anyName === undefined && others === true && maxProperties === Number.POSITIVE_INFINITY)
    return undefined;
  const known = new Set(Object.keys(rules.properties ?? {}));
  const check = anyName && compile(anyName);
  return (members) => {
    const names = Object.keys(members);
    if (names.length > maxProperties) return fault('maxProperties');
    for (const name of names) {
      if (known.has(name)) continue;
      if (others === false) return fault('additionalProperties');
      const found = check?.(members[name]);
      if (found) return within(name, found);
    }
    return undefined;
  };
}

function arrayOf({ items, minItems = 0, maxItems = Number.POSITIVE_INFINITY }: Rules): Check {
  const check = compile(items ?? {});
  return (value) => {
    if (!Array.isArray(value)) return fault('type');
    if (value.length < minItems) return fault('minItems');
    if (value.length > maxItems) return fault('maxItems');
    for (let index = 0; index < value.length; index++) {
      const found = check(value[index]);
      if (found) return within(index, found);
    }
    return undefined;
  };
}

function stringOf({ pattern, format, maxLength = Number.POSITIVE_INFINITY }: Rules): Check {
  if (format !== undefined && format !== 'base64') throw new TypeError(`unknown format ${format}`);
  const expression = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  return (value) => {
    if (typeof value !== 'string') return fault('type');
    if (value.length > maxLength && [...value].length > maxLength) return fault('maxLength');
    if (expression && !expression.test(value)) return fault('pattern');
    return format === undefined || isBase64(value) ? undefined : fault('format');
  };
}

function numberOf(rules: Rules, isKind: (value: unknown) => boolean): Check {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = rules;
  return (value) => {
    if (!isKind(value)) return fault('type');
    if ((value as number) < minimum) return fault('minimum');
    return (value as number) > maximum ? fault('maximum') : undefined;
  };
}
