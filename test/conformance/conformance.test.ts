/** The score of `npm run conformance`, held: of the requests that n8n makes. Raise the numbers as the score rises. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type System, startSystem } from '../helpers/system.ts';
import { WAHA_OPERATIONS } from './document.ts';
import { runConformance, sumOf } from './run.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

/** Done, or 501 with a reason. */
const HELD = 160;
/** Refused with 400. */
const MALFORMED = 0;

let system: System;
beforeAll(async () => {
  system = await startSystem({ maxTasks: 4 });
});
afterAll(() => system?.stop());

test(`at least ${HELD} of ${WAHA_OPERATIONS.length} requests that n8n makes are understood`, async () => {
  const failures: string[] = [];
  const score = await runConformance(system, (line) => failures.push(line), ['n8n']);
  const understood = failures.filter((line) => !line.includes('There is no ')).join('\n');
  expect(sumOf(score, ['done', 'reasoned'], ['n8n']), understood).toBeGreaterThanOrEqual(HELD);
  expect(sumOf(score, ['malformed'], ['n8n']), understood).toBeLessThanOrEqual(MALFORMED);
});
