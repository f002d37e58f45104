/**
 * `npm run iam:report`: compares the permissions of each function's role with those that the end-to-end tests used.
 * Exits with 1 if something is granted, not used and not explained in infra/functions.ts, or if a call was denied.
 *
 *   node scripts/iam-report.ts            runs the tests, then reports
 *   node scripts/iam-report.ts <folder>   reports on what a run with BERTH_IAM_RECORD=<folder> left
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FUNCTIONS, USED_IN_AWS_ONLY } from '../infra/functions.ts';
import { accessRecordSchema } from '../local/iam-report/record.ts';
import { printReport, reportOn } from '../local/iam-report/report.ts';

const ROOT = resolve(import.meta.dirname, '..');

const runTests = async (folder: string): Promise<void> => {
  const child = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', 'test/e2e/system', 'test/e2e/faults'],
    {
      cwd: ROOT,
      env: { ...process.env, BERTH_IAM_RECORD: folder },
      stdio: 'inherit',
    },
  );
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error('the end-to-end tests failed: there is nothing to report on');
};

const report = (folder: string): void => {
  const records = readdirSync(folder).map((file) =>
    accessRecordSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
  );
  const reports = reportOn(
    records,
    (handler, action) => FUNCTIONS[handler]?.unusedInTests?.[action] ?? USED_IN_AWS_ONLY[action],
  );
  console.log(printReport(reports));
  const count = (of: 'used' | 'unused' | 'explained' | 'denied') =>
    reports.reduce((sum, each) => sum + each[of].length, 0);
  console.log(
    `\n${reports.length} functions: ${count('used')} grants used, ${count('explained')} not used for a reason, ` +
      `${count('unused')} not used without one, ${count('denied')} calls denied (${records.length} runs)`,
  );
  if (records.length === 0 || count('unused') > 0 || count('denied') > 0) process.exitCode = 1;
};

const [given] = process.argv.slice(2);
const folder = given ?? mkdtempSync(join(tmpdir(), 'berth-iam-'));
try {
  if (given === undefined) await runTests(folder);
  report(folder);
} finally {
  if (given === undefined) rmSync(folder, { recursive: true, force: true });
}
