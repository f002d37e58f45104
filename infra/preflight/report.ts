import type { Finding, Status } from './finding.ts';

export type Report = {
  readonly environment: string;
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly findings: readonly Finding[];
};

type Verdict = 'ready' | 'missing' | 'unknown';

/** `unknown`: nothing is known to be missing, but something cannot be determined. */
const verdictOf = ({ findings }: Report): Verdict => {
  if (findings.some(({ status }) => status === 'missing')) return 'missing';
  return findings.some(({ status }) => status === 'unknown') ? 'unknown' : 'ready';
};

/** Of the process; 2 is a wrong call. */
export const exitCodeOf = (report: Report): 0 | 1 => (verdictOf(report) === 'ready' ? 0 : 1);

const VERDICTS: Readonly<Record<Verdict, string>> = {
  ready: 'Ready to deploy.',
  missing: 'Not ready: mend what is missing, then run this again.',
  unknown: 'Nothing is known to be missing, but not everything could be determined.',
};

const MARKS: Readonly<Record<Status, string>> = {
  ok: 'ok     ',
  note: 'note   ',
  missing: 'MISSING',
  unknown: 'unknown',
};
const LINE = 100;

const wrap = (text: string, indent: string): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + word.length + 1 > LINE) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${indent}`);
};

/** For people. A command has its own line, so that it can be copied. */
export const asText = (report: Report): string => {
  const width = Math.max(...report.findings.map(({ id }) => id.length));
  const indent = ' '.repeat(2 + 7 + 2 + width + 2);
  const where = [report.account, report.region].filter((part) => part !== undefined).join(', ');
  return [
    `Preflight of ${report.environment}${where === '' ? '' : ` in ${where}`}. Nothing is changed.`,
    '',
    ...report.findings.flatMap(({ id, status, message, command }) => [
      `  ${MARKS[status]}  ${id.padEnd(width)}  ${wrap(message, indent)}`,
      ...(command === undefined ? [] : [`${indent}$ ${command}`]),
    ]),
    '',
    VERDICTS[verdictOf(report)],
  ].join('\n');
};

/** For programs. */
export const asJson = (report: Report): string =>
  JSON.stringify({ verdict: verdictOf(report), ...report }, null, 2);
