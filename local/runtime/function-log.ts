import type { Clock } from '../../contract/clock.ts';
import type { Line } from './instance.ts';
import type { LogFile } from './log-file.ts';
import { type MetricStore, samplesOf } from './metrics.ts';

export type Warning = { readonly function: string; readonly level: string; readonly message: string };

const LOUD = new Set(['WARN', 'ERROR', 'CRITICAL', 'FATAL']);

const parse = (text: string): Record<string, unknown> | undefined => {
  if (!text.startsWith('{')) {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Sorts what a function prints: every line to its file, metrics to the store, warnings and errors to the person. */
export const createFunctionLog = (options: {
  readonly label: string;
  readonly file: LogFile;
  readonly metrics: MetricStore;
  readonly clock: Clock;
  readonly onWarning: (warning: Warning) => void;
}) => {
  const { label, file, metrics, clock, onWarning } = options;
  return ({ text, requestId, stream }: Line): void => {
    const entry = parse(text);
    if (entry !== undefined && '_aws' in entry) {
      metrics.add(samplesOf(entry));
    }
    const line = entry ?? {
      timestamp: new Date(clock()).toISOString(),
      level: stream === 'err' ? 'WARN' : 'INFO',
      requestId,
      message: text,
    };
    file.write(line);
    const level = String(line.level ?? 'INFO').toUpperCase();
    if (LOUD.has(level)) {
      onWarning({ function: label, level, message: String(line.message ?? text) });
    }
  };
};
