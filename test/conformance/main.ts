/** `npm run conformance`: how much of what WAHA's clients send is understood. */
import { startSystem } from '../helpers/system.ts';
import { WAHA_OPERATIONS } from './document.ts';
import { KINDS, type Kind } from './requests.ts';
import { COUNTED, type Outcome, runConformance, sumOf } from './run.ts';

const OUTCOMES: readonly Outcome[] = ['done', 'reasoned', 'malformed', 'no route', 'other'];

const system = await startSystem({ maxTasks: 4 });
try {
  const score = await runConformance(system, (line) => console.error(line));
  const row = (name: string, values: readonly (string | number)[]) =>
    console.log([name.padEnd(10), ...values.map((value) => String(value).padStart(10))].join(''));
  row('', OUTCOMES);
  for (const kind of KINDS)
    row(
      kind,
      OUTCOMES.map((outcome) => score.byKind[kind][outcome]),
    );
  const missing = new Set(
    score.failures.filter(({ outcome }) => outcome === 'no route').map(({ request }) => request),
  );
  if (missing.size > 0) console.log(`\nwithout a route (${missing.size}):\n  ${[...missing].join('\n  ')}`);
  const kinds = COUNTED satisfies readonly Kind[];
  console.log(
    `\n${sumOf(score, ['done', 'reasoned'])} of ${WAHA_OPERATIONS.length * kinds.length} requests (${kinds.join(', ')}) are done or have a reason.`,
  );
} finally {
  await system.stop();
}
process.exit(0);
