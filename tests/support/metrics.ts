/** One sample of a Prometheus page. */
type Sample = { name: string; labels: Readonly<Record<string, string>>; value: number };

export type Metrics = {
  readonly samples: readonly Sample[];
  /** Sum of all samples of this name that have these labels; 0 when there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
};

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** Prometheus has a spelling of its own for what is without end. */
function numberOf(text: string | undefined): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
}

export function parseMetrics(text: string): Metrics {
  const samples = text.split('\n').flatMap((line): Sample[] => {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (line.startsWith('#') || name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, text]);
    return [{ name, labels: Object.fromEntries(pairs), value: numberOf(value) }];
  });
  return {
    samples,
    sum(name, labels = {}) {
      const fits = (sample: Sample): boolean =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
      return samples.filter(fits).reduce((sum, sample) => sum + sample.value, 0);
    },
  };
}
