/** A process to start on this machine. */
export type Start = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
};

/** `node src/FILE ARGS` in a service's folder. */
export type Program = {
  readonly service: string;
  readonly file: string;
  readonly args: readonly string[];
  /** With the rights of the tables' owner, which no running service has. */
  readonly isOwners?: boolean;
  /** It reads standard input. */
  readonly isAsked?: boolean;
};

/** Where the services and their secrets are, and how to start one of their programs there. */
export type Place = {
  start(program: Program): Promise<Start>;
};

/** As a person would type it. */
export const lineOf = ({ command, args }: Start): string =>
  [command, ...args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
