import type { Command } from 'commander';
import * as z from 'zod';
import {
  type ChangeStandbyRequest,
  type StandbyHours,
  type StandbyView,
  standbyDepthSchema,
  standbyHoursSchema,
} from '../../contract/bodies/standby.ts';
import { examples, runs } from '../command.ts';
import { countInput, orNone } from '../input.ts';
import { details, since } from '../output.ts';

/** `berth standby …` (admin keys) */
export const addStandby = (program: Command): void => {
  const standby = program
    .command('standby')
    .description('tasks that wait with a browser, so that a session starts at once (admin keys)');
  addShow(standby);
  addSet(standby);
};

const addShow = (standby: Command): void => {
  const command = standby
    .command('ls')
    .alias('list')
    .description('show how many are kept ready, and each standby task');
  examples(command, '', '--json');
  runs(command, z.object({}), async (_, context) => {
    const view = await context.api().standby.get();
    if (context.out.json) return context.out.result(view, '');
    context.out.note(planText(view));
    const now = context.now();
    context.out.list(
      view.tasks,
      [
        ['TASK', ({ id }) => id],
        ['STATE', ({ state }) => state],
        ['READY', ({ readyAt }) => since(readyAt, now)],
        ['HEARTBEAT', ({ heartbeatAt }) => since(heartbeatAt, now)],
        ['DEPTH', ({ depth }) => depth],
        ['BROWSER', ({ chromiumBuild }) => chromiumBuild ?? ''],
        ['SESSION', ({ sessionId }) => sessionId ?? ''],
      ],
      'there is no standby task',
    );
  });
};

/** `7-19=3`: three from 7:00 until 19:00 UTC. */
const hoursInput = z.string().transform((text, context): StandbyHours => {
  const [, from, to, target] = /^(\d{1,2})-(\d{1,2})=(\d{1,3})$/.exec(text) ?? [];
  const parsed = standbyHoursSchema.safeParse({ from: Number(from), to: Number(to), target: Number(target) });
  if (from !== undefined && parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'must be like 7-19=3: from hour, to hour (UTC), target' });
  return z.NEVER;
});

const addSet = (standby: Command): void => {
  const command = standby
    .command('set')
    .description('change how many are kept ready; the next sweep launches or stops tasks')
    .option('--target <n|none>', "standby tasks; none returns to the environment's plan")
    .option('--hours <ranges...>', 'other targets by the hour of the day (UTC), like 7-19=3')
    .option('--no-hours', 'the same target all day')
    .option(
      '--depth <browser|page>',
      'browser: launched, nothing loaded; page: WhatsApp Web loaded, so that a code is there at once',
    );
  examples(command, '--target 2', '--target 0 --hours 7-19=3', '--depth page', '--target none');
  const input = z
    .object({
      target: orNone(countInput),
      // `--no-hours` is false. No union, which would hide what is wrong with a range.
      hours: z.preprocess((given) => (given === false ? [] : given), z.array(hoursInput).optional()),
      depth: standbyDepthSchema.optional(),
    })
    .refine(
      ({ target, hours, depth }) => target !== undefined || hours !== undefined || depth !== undefined,
      { path: ['target'], error: 'or --hours or --depth is needed' },
    );
  runs(command, input, async ({ target, hours, depth }, context) => {
    const change: ChangeStandbyRequest = {
      ...(target === undefined ? {} : { target }),
      ...(hours === undefined ? {} : { hours }),
      ...(depth === undefined ? {} : { depth }),
    };
    const view = await context.api().standby.set(change);
    context.out.result(view, planText(view));
  });
};

const planText = (view: StandbyView): string =>
  details([
    ['kept ready', `${view.wanted} (target ${view.target}, at most ${view.max})`],
    ['ready', `${view.ready}, ${view.starting} starting, ${view.claimed} taken by sessions`],
    ['plan', `${view.plan.target}${view.planBy === 'api' ? ', set at run time' : ', of the environment'}`],
    [
      'depth',
      view.plan.depth === 'page' ? 'page: WhatsApp Web is loaded' : 'browser: launched, nothing is loaded',
    ],
    ...view.plan.hours.map(({ from, to, target }): [string, string] => [
      `  ${from}-${to} UTC`,
      String(target),
    ]),
    ...(view.pausedUntil === null
      ? []
      : ([
          ['paused', `until ${view.pausedUntil}: ${view.failure ?? 'the last ones did not become ready'}`],
        ] as [string, string][])),
  ]);
