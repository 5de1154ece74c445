import { expect, test } from '@jest/globals';
import { type UpstreamName, upstream } from '../catalog.ts';
import { type Fields, flatten } from './declared.ts';
import { wire } from './wire.ts';

type Rules = { properties?: Record<string, Rules>; items?: Rules; anyOf?: Rules[] };

/** Paths of all fields that a schema names. */
function pathsOf({ properties, items, anyOf }: Rules): string[] {
  const inner = items ? pathsOf(items) : (anyOf ?? []).flatMap(pathsOf);
  const named = Object.entries(properties ?? {}).flatMap(([name, rules]) => {
    const below = pathsOf(rules);
    return below.length === 0 ? [name] : below.map((path) => `${name}.${path}`);
  });
  return [...inner, ...named];
}

// the compiler finds what is missing; this also finds what a spread has added
test.each(Object.keys(upstream) as UpstreamName[])('of %s exactly its fields are declared', (name) => {
  const declared = flatten(wire[name] as Fields).map(([path]) => path);
  expect(declared.sort()).toEqual(pathsOf(upstream[name].up as Rules).sort());
});
