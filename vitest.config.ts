import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Each in a separate process: they change what a process shares, its environment, its modules or the SDK's classes. */
const ALONE = [
  'test/contract/ecs/temporary-files.test.ts',
  'test/infra/observability.test.ts',
  'test/infra/preflight.test.ts',
  'test/unit/container/code-cache.test.ts',
  'test/unit/functions/ecs-tasks.test.ts',
  'test/unit/functions/sqs-events.test.ts',
  'test/unit/functions/webhook-poster.test.ts',
  'test/webhooks/fairness.test.ts',
  'test/unit/one-row.test.ts',
  'test/webhooks/faults.test.ts',
];

/** Begun first: whichever of them came last would run alone for minutes. Those that wait a good deal stand between. */
const LONG = [
  'test/e2e/dashboard/dashboard.test.ts',
  'test/e2e/faults/sessions.test.ts',
  'test/e2e/system/every-route.test.ts',
  'test/e2e/faults/engines.test.ts',
  'test/soak/soak.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/e2e/system/session.test.ts',
  'test/simulation/simulation.test.ts',
  'test/e2e/system/start.test.ts',
  'test/integration/admission/contention.test.ts',
  'test/infra/environments.test.ts',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): number => {
      if (project.name === 'alone') return -1;
      const found = LONG.findIndex((file) => moduleId.endsWith(file));
      return found < 0 ? LONG.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    // Two cores run Chromium and databases at once: few workers (one more than cores, since fault tests wait a good deal),
    // generous limits, no timing assertions.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongFirst },
    // It imports JSON as a bundler allows it and Node does not.
    server: { deps: { inline: ['@actions/workflow-parser'] } },
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE } },
      // Most of a small file's time would go into loading the same modules again: files of one worker share them.
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          isolate: false,
          globalSetup: ['test/helpers/synth-once.ts'],
        },
      },
    ],
    // whatsapp-web.js leaves rejections behind when its browser goes while the page calls a binding. The worker absorbs
    // them (test/unit/container/library-faults.test.ts); the simulator's tests host the bare library in this process.
    onUnhandledError: (error) =>
      !(
        /EPIPE|ECONNRESET|Target closed|TargetCloseError/.test(`${error.name} ${error.message}`) &&
        /puppeteer-core|\bPipe\.onStreamRead\b/.test(error.stack ?? '')
      ),
  },
});
