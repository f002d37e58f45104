import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];
/** A column's heading and what it shows of a row. Free text goes last: it may be wider than its characters. */
export type Column<T> = readonly [heading: string, cell: (row: T) => string];

/** The output of a command: people get lines and tables, programs (`--json`) one document or one document a line. */
export type Output = {
  readonly json: boolean;
  /** One result. */
  readonly result: (value: unknown, human: string) => void;
  /** Many results: a table, or NDJSON as they come. */
  readonly list: <T>(
    rows: AsyncIterable<T> | Iterable<T>,
    columns: readonly Column<T>[],
    none: string,
  ) => Promise<void>;
  /** Beside the result: progress and hints, on stderr. */
  readonly note: (line: string) => void;
  readonly style: (style: Style, text: string) => string;
};

export const createOutput = (json: boolean): Output => {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const style = (format: Style, text: string) =>
    styleText(format, text, { stream: process.stdout, validateStream: true });
  return {
    json,
    style,
    result: (value, human) => say(json ? JSON.stringify(value) : human),
    list: async (rows, columns, none) => {
      const shown = [];
      for await (const row of rows) {
        if (json) say(JSON.stringify(row));
        else shown.push(columns.map(([, cell]) => plain(cell(row))));
      }
      if (json) return;
      if (shown.length === 0) process.stderr.write(`${none}\n`);
      else say(table([columns.map(([heading]) => heading), ...shown], (heading) => style('bold', heading)));
    },
    note: (line) => process.stderr.write(`${line}\n`),
  };
};

/** Aligned columns, the first row the headings. */
export const table = (
  rows: readonly (readonly string[])[],
  heading: (line: string) => string = (line) => line,
): string => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line, i) => (i === 0 ? heading(line) : line))
    .join('\n');
};

/** Names and values, one a line. */
export const details = (
  pairs: readonly (readonly [name: string, value: string | null | undefined])[],
): string => table(pairs.filter(([, value]) => value).map(([name, value]) => [name, plain(value ?? '')]));

/** Text from outside without control characters: it must not move the cursor or recolor the terminal. */
export const plain = (text: string): string => text.replace(/\p{Cc}/gu, ' ');

/** `3d 4h`, `2h 5m`, `4m 10s`, `7s`. */
export const span = (ms: number): string => {
  const s = Math.max(0, Math.round(ms / 1000));
  const parts = [
    [Math.floor(s / 86_400), 'd'],
    [Math.floor(s / 3600) % 24, 'h'],
    [Math.floor(s / 60) % 60, 'm'],
    [s % 60, 's'],
  ] as const;
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n}${unit}`)
    .join(' ');
};

/** `0.4s`, `31.2s`: a duration that is compared with others. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)}s`;

/** How long ago an ISO time was, or how long until it; `-` for none. */
export const since = (iso: string | null, now: number): string =>
  iso === null ? '-' : span(now - Date.parse(iso));
export const until = (iso: string | null, now: number): string =>
  iso === null ? '-' : span(Date.parse(iso) - now);
