import type { ProcessEnd } from './guarded-process.ts';

/** A running Postgres or Redis. It ends with the process that started it. */
export type EmbeddedServer = {
  url: string;
  pid: number;
  port: number;
  /** Where its files are: the wanted folder, or the one that was used in its place. */
  dir: string;
  /** The path of the program, for those who want to know which one runs. */
  program: string;
  /** Settles when it has ended, in whatever way. */
  exited: Promise<ProcessEnd>;
  /** Ends it in order. A folder that was not asked for is removed. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it as a power cut would (SIGKILL). Its files stay, for a start on the same `dir` and `port`. */
  kill(): Promise<void>;
};

/** Receives one line per step that takes noticeable time or that a person should know of. */
export type Progress = (line: string) => void;
