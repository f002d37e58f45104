/**
 * A process of contenders, for a test to start several of and to kill. Argument: a Job as JSON. Prints a Line each;
 * its contenders begin when a line comes in.
 */
import { once } from 'node:events';
import pMap from 'p-map';
import { Problem } from '../../../contract/errors.ts';
import { createSession } from '../../../core/admission/create.ts';
import type { Admitted } from '../../../core/admission/plan.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { startSession } from '../../../core/lifecycle/start.ts';
import { databaseClient } from '../../helpers/berth-table.ts';
import { depsOver } from './deps.ts';
import { type Job, jobSchema, type Line } from './job.ts';

const job: Job = jobSchema.parse(JSON.parse(process.argv[2] ?? ''));
const deps = depsOver(databaseClient(job.url), job.table);

const say = (line: Line): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

type Contender = Job['contenders'][number];

const contend = async (contender: Contender): Promise<void> => {
  let exists = false;
  for (let round = 0; round < job.rounds; ) {
    try {
      const { session } = await ask(contender, exists);
      exists = true;
      say({ kind: 'admitted', ...contender });
      if (!job.giveBack) return;
      const { ended } = await release(deps, session, 'user');
      say({ kind: 'released', ...contender, first: ended });
    } catch (error) {
      const line = asLine(contender, error);
      say(line);
      // The caller retries, as the answer asks. The number of busy answers depends on the machine, not on the rules.
      if (line.kind === 'busy') continue;
    }
    round += 1;
  }
};

const ask = ({ userId, name }: Contender, exists: boolean): Promise<Admitted> =>
  exists
    ? startSession(deps, userId, name)
    : createSession(deps, {
        userId,
        name,
        config: {},
        start: true,
        idempotency: { key: name, requestHash: name },
      });

const asLine = ({ userId }: Contender, error: unknown): Line => {
  if (error instanceof Problem && error.code === 'too_many') {
    const { scope = '', limit = -1, active = -1 } = error.extras;
    return { kind: 'refused', userId, scope, limit, active };
  }
  if (error instanceof Problem && error.code === 'unavailable') return { kind: 'busy', userId };
  return { kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
};

say({ kind: 'ready' });
await once(process.stdin, 'data');
await pMap(job.contenders, contend, { concurrency: job.atOnce });
process.exit(0);
