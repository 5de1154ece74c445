/** `A=1` and `B=2` as `{ A: '1', B: '2' }`. */
export function assignments(given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', ...value] = text.split('=');
      if (name === '' || value.length === 0) throw new Error(`NAME=VALUE is wanted, not ${text}.`);
      return [name, value.join('=')];
    }),
  );
}

export function wholeNumber(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^[1-9]\d{0,6}$/.test(given)) throw new Error(`--${name} wants a whole number, not ${given}.`);
  return Number(given);
}
