import type { ProcessEnd } from './guarded-process.ts';

/** A running Postgres or Redis. It ends with the process that started it. */
export type EmbeddedServer = {
  url: string;
  pid: number;
  port: number;
  /** The folder of its files: the wanted one, or the one used instead. */
  dir: string;
  /** Path of the program, to tell which one is running. */
  program: string;
  /** Settles when it has ended, however it did. */
  exited: Promise<ProcessEnd>;
  /** Shuts it down in order. A temporary folder is removed. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Kills it with SIGKILL, as a power cut would. Its files stay, for a start with the same `dir` and `port`. */
  kill(): Promise<void>;
};

/** Receives one line per step that takes noticeable time or matters to a person. */
export type Progress = (line: string) => void;
