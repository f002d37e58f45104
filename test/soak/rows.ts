/** The soak's table: a row a minute, in Markdown, so that it can go into the docs as it is. */
import { type Disorder, type Out, percentile, type Totals } from './ledger.ts';

export type Row = {
  readonly totals: Totals;
  /** Milliseconds, of messages delivered since the last row. */
  readonly delays: readonly number[];
  /** Of messages delivered since the last row. */
  readonly disorders: readonly Disorder[];
  /** Bytes: the main process, and all of the system. */
  readonly main: number;
  readonly all: number;
  /** Cores that the system kept busy since the last row. */
  readonly cores: number;
};

type Table = {
  readonly head: string;
  row(row: Row): void;
  /** Something that happened; shown with the next row. */
  note(text: string): void;
  sent(send: Out): void;
};

const HEADS = [
  'time',
  'in',
  'delivered',
  'delay p50 ms',
  'p99',
  'out',
  'p50 ms',
  'p99',
  'unknown',
  'refused',
  'waiting',
  'at risk (delivered)',
  'repeats',
  'twice',
  'disordered',
  'main MB',
  'all MB',
  'cores',
  '',
];

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const ms = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(0));
const mb = (bytes: number): string => (bytes / 1_000_000).toFixed(0);

const disorderText = ({ session, number, after }: Disorder): string =>
  `message ${number} of ${session} came after ${after}`;

/** @param everySeconds from row to row */
export const createTable = (say: (line: string) => void, everySeconds: number): Table => {
  let rows = 0;
  let sends: Out[] = [];
  let notes: string[] = [];
  return {
    head: `\n${line(HEADS)}\n${line(HEADS.map((name, column) => (column === 0 || name === '' ? '---' : '---:')))}`,
    row({ totals, delays, disorders, main, all, cores }) {
      rows += 1;
      const at = rows * everySeconds;
      const of = (result: Out['result']) => String(sends.filter((send) => send.result === result).length);
      const done = sends.filter(({ result }) => result === 'done').map((send) => send.ms);
      say(
        line([
          `${Math.floor(at / 60)}:${String(at % 60).padStart(2, '0')}`,
          String(totals.in),
          String(totals.delivered),
          ms(percentile(delays, 0.5)),
          ms(percentile(delays, 0.99)),
          String(sends.length),
          ms(percentile(done, 0.5)),
          ms(percentile(done, 0.99)),
          of('unknown'),
          of('refused'),
          String(totals.waiting),
          `${totals.atRisk} (${totals.atRiskDelivered})`,
          String(totals.repeats),
          String(totals.twice),
          String(totals.disordered),
          mb(main),
          mb(all),
          cores.toFixed(2),
          [...notes, ...disorders.map(disorderText)].join('; '),
        ]),
      );
      sends = [];
      notes = [];
    },
    note: (text) => void notes.push(text),
    sent: (send) => void sends.push(send),
  };
};
