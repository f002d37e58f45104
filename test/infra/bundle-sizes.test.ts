/** Each function's bundle has a budget, so that growth is seen in the change that causes it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleFunctions } from '../../infra/bundle.ts';
import { HANDLERS } from '../../infra/handlers.ts';
import { BUILD_MS, functionsDir, root } from './synthesized.ts';

/**
 * Bytes. The first part: as large as the function was on 2026-11-28 (aa3c7a4, 70 operations), which is its limit since.
 * The second: functions that are newer, by what they need.
 */
const BUDGETS: Readonly<Record<string, number>> = {
  access: 386_071,
  authorizer: 371_993,
  capacity: 392_794,
  cleanup: 452_869,
  commands: 561_625,
  dashboard: 214_097,
  'dead-letters': 412_336,
  deliver: 412_580,
  documentation: 163_077,
  events: 382_673,
  health: 380_698,
  'health-detail': 570_819,
  keys: 382_002,
  'keys-bootstrap': 370_748,
  linking: 442_564,
  reaper: 443_523,
  reconciler: 440_456,
  'sessions-admit': 466_600,
  'sessions-change': 629_930,
  'sessions-logout': 563_245,
  'sessions-read': 392_328,
  'task-events': 402_603,
  'worker-api': 598_721,
  'worker-call': 107_735,

  engine: 453_000,
  eraser: 479_000,
  files: 444_000,
  'live-connections': 352_000,
  'live-events': 363_000,
  'no-route': 161_000,
  rollout: 365_000,
  standby: 341_000,
};

test('each function is within its budget, and each has one', { timeout: BUILD_MS }, async () => {
  const bundles = await bundleFunctions({ handlers: HANDLERS, functionsDir, outDir: join(root, 'dist') });
  expect(Object.keys(BUDGETS).sort()).toEqual(HANDLERS);
  const above = bundles.filter(({ handler, bytes }) => bytes > (BUDGETS[handler] ?? 0));
  expect(above.map(({ handler, bytes }) => `${handler}: ${bytes} of ${BUDGETS[handler]}`)).toEqual([]);
});
