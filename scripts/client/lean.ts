// What the bundler is told, so that an app loads what it can reach and nothing else.
import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';
import { ROOT } from '../tools.ts';

/** Libraries whose files do nothing but define; none of them says so where a bundler looks for it. */
const ONLY_DEFINES = /\/node_modules\/(?:@hpke\/(?:core|common)|ts-mls)\//;
/** In ts-mls, what is made of an encoder or decoder at the top of a file: gone when nobody uses it. */
const MADE_AT_THE_TOP = /^((?:export )?const \w+ = )(\w+\(.*\)|\w+\([\s\S]*?\n\S.*\));$/gm;

export function leaveOutUnused(): Plugin {
  return {
    name: 'leave-out-unused',
    setup({ onLoad, onResolve, resolve }) {
      onResolve({ filter: /^@hpke\/|^ts-mls\/|^\.{1,2}\// }, async ({ path, ...how }) => {
        if (how.pluginData === SEEN || how.kind === 'entry-point') return undefined;
        const { kind, importer, resolveDir } = how;
        const found = await resolve(path, { kind, importer, resolveDir, pluginData: SEEN });
        return ONLY_DEFINES.test(found.path) ? { ...found, sideEffects: false } : undefined;
      });
      onLoad({ filter: /\/node_modules\/ts-mls\/.*\.js$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replace(MADE_AT_THE_TOP, '$1/* @__PURE__ */ (() => $2)();'),
      }));
    },
  };
}

/** In a file of a message, the schema of what clients send: only servers check it. */
const CHECKED_BY_SERVERS = /^ {2}up: .*\n(?:(?! {2}\w|\}).*\n)*/m;

/** For what is published: suites on what was built play the server too. */
export function leaveOutUpstream(): Plugin {
  return {
    name: 'leave-out-upstream',
    setup({ onLoad }) {
      onLoad({ filter: /\/packages\/protocol\/src\/messages\/\w+\.ts$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replace(CHECKED_BY_SERVERS, ''),
        loader: 'ts',
      }));
    },
  };
}

/**
 * Everything that the entry needs at once becomes one file, which compresses 4 % better than one for each set of parts that
 * needs it too: to the bundler each part, and each further entry, needs all of it.
 */
export function oneCore(entry: string): Plugin {
  return {
    name: 'one-core',
    setup({ onLoad, onResolve, resolve }) {
      onResolve({ filter: /^\.{1,2}\/|^\// }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (kind === 'entry-point') return path === entry ? undefined : { path, namespace: 'part' };
        if (kind !== 'dynamic-import' || pluginData === SEEN) return undefined;
        const found = await resolve(path, { kind, importer, resolveDir, pluginData: SEEN });
        return { path: found.path, namespace: 'part' };
      });
      onLoad({ filter: /./, namespace: 'part' }, ({ path }) => ({
        contents: `export * from ${JSON.stringify(path)}; import ${JSON.stringify(entry)};`,
        resolveDir: ROOT,
      }));
    },
  };
}

const SEEN = Symbol('resolved by the bundler itself');
