// Bundler settings so that an app loads only what it can reach.
import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';
import { ROOT } from '../tools.ts';

/** Libraries whose files only define things, but do not declare `sideEffects: false` where a bundler looks for it. */
const ONLY_DEFINES = /\/node_modules\/(?:@hpke\/(?:core|common)|ts-mls)\//;
/** Top-level encoders and decoders in ts-mls, marked so that unused ones are dropped. */
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

/** In a message's file, the schema of what clients send: only servers validate it. */
const CHECKED_BY_SERVERS = /^ {2}up: .*\n(?:(?! {2}\w|\}).*\n)*/m;

/** For the published build only: suites run on the build play the server too. */
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
 * Puts everything that the entry needs at once into one file, which compresses 4 % better than a file per set of parts sharing it. To the
 * bundler, each part and each further entry then needs all of it.
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
