import { readFileSync } from 'node:fs';
import type { Option } from './config-options.ts';
import { isError } from './errors.ts';
import { maskUrl } from './mask.ts';

export {
  bool,
  bytes,
  durationMs,
  int,
  list,
  type Option,
  oneOf,
  secret,
  str,
  url,
} from './config-options.ts';

/** Options by their names in the code. */
export type ConfigSpec = Record<string, Option>;

type ValueOf<O> = O extends Option<infer T> ? T : never;
type Public<S extends ConfigSpec> = {
  [K in keyof S as S[K]['isSecret'] extends true ? never : K]: ValueOf<S[K]>;
};
type Secret<S extends ConfigSpec> = {
  [K in keyof S as S[K]['isSecret'] extends true ? K : never]: ValueOf<S[K]>;
};

export type ConfigOf<S extends ConfigSpec> = Readonly<Public<S>>;
export type SecretsOf<S extends ConfigSpec> = Readonly<Secret<S>>;

/** All faults of the environment at once. The message is written for the operator and shows no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The environment has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
    this.faults = faults;
  }
}

/** Gives the spec its exact type; it stays data, from which documentation is generated. */
export function defineConfig<const S extends ConfigSpec>(spec: S): S {
  return spec;
}

/**
 * Reads `env` (an empty variable counts as missing). `config` may be logged; the properties of `secrets` are not
 * enumerable, so that no JSON, log line or spread shows them. Throws one ConfigError. `findFaults` reports conflicts
 * between options that are valid individually; invalid ones are missing from its argument.
 */
export function readConfig<S extends ConfigSpec>(
  spec: S,
  env: NodeJS.ProcessEnv = process.env,
  findFaults: (read: {
    config: Partial<ConfigOf<S>>;
    secrets: Partial<SecretsOf<S>>;
  }) => readonly string[] = () => [],
): { config: ConfigOf<S>; secrets: SecretsOf<S> } {
  const faults: string[] = [];
  const config = {};
  const secrets = {};
  for (const [name, option] of Object.entries(spec)) {
    try {
      const value = readOption(option, env);
      Object.defineProperty(option.isSecret ? secrets : config, name, {
        value,
        enumerable: !option.isSecret,
      });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      faults.push(error.message);
    }
  }
  const read = { config: config as ConfigOf<S>, secrets: secrets as SecretsOf<S> };
  faults.push(...findFaults(read));
  if (faults.length > 0) throw new ConfigError(faults);
  return read;
}

export type ConfigRow = {
  env: string;
  type: string;
  /** As one would write it; undefined when there is none. */
  default: string | undefined;
  doc: string;
  required: boolean;
  secret: boolean;
  min: number | undefined;
  max: number | undefined;
};

/** The rows of the table in the documentation, in spec order. */
export function describeConfig(spec: ConfigSpec): ConfigRow[] {
  return Object.values(spec).map((option) => ({
    env: option.env,
    type: option.type,
    default: option.default === undefined ? undefined : option.print(option.default),
    doc: option.doc,
    required: option.default === undefined && option.optional !== true,
    secret: option.isSecret,
    min: option.min,
    max: option.max,
  }));
}

function readOption(option: Option, env: NodeJS.ProcessEnv): unknown {
  const text = option.isSecret ? readSecret(option.env, env) : env[option.env];
  if (text === undefined || text === '') {
    if (option.default !== undefined || option.optional === true) return option.default;
    throw new TypeError(`${option.env} is missing. ${hint(option)}`);
  }
  try {
    return option.parse(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const shown = option.isSecret ? 'has a value that does not fit' : `is ${JSON.stringify(maskUrl(text))}`;
    throw new TypeError(`${option.env} ${shown}: it must be ${error.message}. ${hint(option)}`);
  }
}

function hint(option: Option): string {
  return `${option.doc.replace(/\.?$/, '.')} Example: ${option.env}=${maskUrl(option.example)}`;
}

/** Docker and Kubernetes mount secrets as files; the trailing line break is not part of them. */
function readSecret(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const path = env[`${name}_FILE`];
  if (path === undefined || path === '' || env[name]) return env[name];
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new TypeError(`${name}_FILE: ${isError(error) ? error.message : String(error)}`);
  }
}
