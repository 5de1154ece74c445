/** One process to start on this machine. */
export type Start = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Beside what is in this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
};

/** `node src/FILE ARGS` in a service's folder. */
export type Program = {
  readonly service: string;
  readonly file: string;
  readonly args: readonly string[];
  /** With the rights of the owner of the tables, which no running service has. */
  readonly isOwners?: boolean;
  /** It reads what is written to it. */
  readonly isAsked?: boolean;
};

/** Where services run, with their secrets, and how a program of theirs is started there. */
export type Place = {
  start(program: Program): Promise<Start>;
};

/** As a person would type it. */
export const lineOf = ({ command, args }: Start): string =>
  [command, ...args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
