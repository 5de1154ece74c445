/** Parses the command line with `read`. Undefined is a request for help; that, and an error, print the usage and end the process. */
export function readOrEnd<T>(usage: string, read: () => T | undefined): T {
  try {
    const options = read();
    if (options !== undefined) return options;
    console.log(usage);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(1);
  }
  process.exit(0);
}
