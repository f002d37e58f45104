import { cpus, loadavg } from 'node:os';

/** Prints a Markdown table. */
export const printTable = (
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void => {
  const texts = [heads, ...rows].map((row) =>
    row.map((cell) => (typeof cell === 'number' ? short(cell) : cell)),
  );
  const widths = heads.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  const line = (
    cells: readonly string[],
    pad: (text: string, width: number, column: number) => string,
  ): string => `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const aligned = (text: string, width: number, column: number): string =>
    column === 0 ? text.padEnd(width) : text.padStart(width);
  const [head = [], ...body] = texts;
  console.log(line(head, aligned));
  console.log(
    line(
      widths.map((width, column) => '-'.repeat(width - (column === 0 ? 0 : 1)) + (column === 0 ? '' : ':')),
      (text) => text,
    ),
  );
  for (const row of body) console.log(line(row, aligned));
};

const short = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);

/** The machine on which the figures were measured. The load shows whether other work used part of it. */
export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`;

export const heading = (title: string): void =>
  console.log(`\n## ${title} (load ${loadavg()[0]?.toFixed(1)})\n`);
