const WIDTH = 32;

/** A progress bar: redrawn in a terminal, elsewhere one line at the end. */
export function startProgress(label: string, total: number, done: () => number): () => void {
  const draw = (): string => {
    const share = Math.min(1, done() / total);
    const filled = Math.round(share * WIDTH);
    return `  ${label.padEnd(34)} [${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${Math.min(done(), total)}/${total}`;
  };
  const isTerminal = process.stdout.isTTY;
  const timer = isTerminal ? setInterval(() => process.stdout.write(`\r${draw()}`), 100) : undefined;
  return () => {
    clearInterval(timer);
    process.stdout.write(`${isTerminal ? '\r' : ''}${draw()}\n`);
  };
}
