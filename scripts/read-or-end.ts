/** What `read` makes of the command line. Undefined is a request for help; that and a fault end the process with the usage. */
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
