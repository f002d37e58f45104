import type { Command } from 'commander';
import * as z from 'zod';
import type { LimitsView, StatsView } from '../../contract/bodies/admin.ts';
import { BOUND_NAMES, BOUNDS } from '../../contract/bounds.ts';
import { burstOf, type Rate } from '../../contract/rate.ts';
import { START_STEP_WORDS, START_STEPS } from '../../contract/worker/start-steps.ts';
import { examples, runs } from '../command.ts';
import { CliError, EXIT } from '../exit.ts';
import { boundsInput, collect, countInput, orNone, rateInput, userInput } from '../input.ts';
import { details, seconds, since, span } from '../output.ts';

/** `berth limits`, `berth stats`, `berth health` */
export const addCapacity = (program: Command): void => {
  const limits = program.command('limits').description('limits on sessions and on requests');
  addLimitsGet(limits);
  addLimitsSet(limits);
  addStats(program);
  addHealth(program);
};

const addLimitsGet = (limits: Command): void => {
  const command = limits
    .command('get')
    .description('show the limits and what is in use')
    .option('--user <id>', "a user's (admin keys)");
  examples(command, '', '--user anna');
  runs(command, z.object({ user: userInput }), async ({ user }, context) => {
    const view = await context.api().limits.get({ userId: user });
    context.out.result(view, limitsText(view));
  });
};

const boundsHelp = BOUND_NAMES.map((name) => `${name}: ${BOUNDS[name].says}`).join('; ');

const addLimitsSet = (limits: Command): void => {
  const command = limits
    .command('set')
    .description('change limits at run time (admin keys); a lower one stops no running session')
    .option('--global <n>', 'over all users')
    .option('--user-default <n>', 'for users without their own')
    .option('--rate-default <n|none>', 'requests a minute (n or n/burst) of users without their own')
    .option('--user <id>', 'the user whom --limit and --rate are for')
    .option('--limit <n|none>', "the user's own; none removes it")
    .option('--rate <n|none>', "the user's own requests a minute (n or n/burst); none removes it")
    .option(
      '--bound <name=n|none>',
      `what a user may take, --user's or any user's; none: back to the default. ${boundsHelp}`,
      collect,
    );
  examples(
    command,
    '--global 100',
    '--user anna --limit 10',
    '--user anna --limit none',
    '--user anna --rate 600/50',
    '--bound starts=120 --bound waits=20',
    '--user anna --bound stored=2000',
  );
  const input = z
    .object({
      global: countInput.optional(),
      userDefault: countInput.optional(),
      rateDefault: orNone(rateInput),
      user: userInput,
      limit: orNone(countInput),
      rate: orNone(rateInput),
      bound: boundsInput,
    })
    .refine((i) => i.user !== undefined || (i.limit === undefined && i.rate === undefined), {
      path: ['user'],
      error: 'is needed by --limit and --rate',
    })
    // `none` is a value: null.
    .refine((i) => i.user === undefined || [i.limit, i.rate, i.bound].some((value) => value !== undefined), {
      path: ['user'],
      error: 'needs --limit, --rate or --bound',
    })
    .refine((i) => Object.values(i).some((value) => value !== undefined), {
      path: ['global'],
      error: 'or --user-default, --rate-default, --bound or --user with --limit or --rate is needed',
    });
  runs(command, input, async ({ global, userDefault, rateDefault, user, limit, rate, bound }, context) => {
    const bounds = bound && { bounds: bound };
    const view = await context.api().limits.set(
      {
        ...(global === undefined ? {} : { global }),
        ...(userDefault === undefined ? {} : { userDefault }),
        ...(rateDefault === undefined ? {} : { rateDefault }),
        ...(user === undefined ? bounds : { user: { userId: user, limit, rate, ...bounds } }),
      },
      { userId: user },
    );
    context.out.result(view, limitsText(view));
  });
};

const limitsText = ({ global, userDefault, rateDefault, user, bounds }: LimitsView): string =>
  details([
    ['global', `${global.active} of ${global.limit} in use`],
    ['default per user', `${userDefault}, ${rateText(rateDefault)}`],
    [
      user.userId,
      `${user.active} of ${user.limit} in use${user.own ? ' (own limit)' : ''}, ` +
        `${rateText(user.rate)}${user.ownRate ? ' (own rate)' : ''}`,
    ],
    ...BOUND_NAMES.map(
      (name) =>
        [
          name,
          `${user.bounds[name]} ${BOUNDS[name].says}` +
            (user.ownBounds[name] === undefined ? '' : ` (own; the default is ${bounds[name]})`),
        ] as const,
    ),
  ]);

const rateText = (rate: Rate | null): string =>
  rate ? `${rate.perMinute} requests a minute, ${burstOf(rate)} at once` : 'any number of requests';

const addStats = (program: Command): void => {
  const command = program.command('stats').description('sessions by state, status and user');
  examples(command, '', '--json');
  runs(command, z.object({}), async (_, context) => {
    const stats = await context.api().stats();
    context.out.result(stats, statsText(stats, context.now()));
  });
};

const statsText = (stats: StatsView, now: number): string =>
  details([
    ['active', `${stats.active} of ${stats.limit}`],
    ['by state', counts(stats.byState)],
    ['by status', counts(stats.byStatus)],
    ...Object.entries(stats.byUser ?? {}).map(
      ([user, { active, limit }]) => [`user ${user}`, `${active} of ${limit}`] as const,
    ),
    [
      'oldest',
      stats.oldest && `${stats.oldest.userId}/${stats.oldest.name}, ${since(stats.oldest.startedAt, now)}`,
    ],
    ...(stats.lastDay ? lastDayText(stats.lastDay) : []),
  ]);

type Quantiles = { readonly count: number; readonly p50Ms: number; readonly p95Ms: number } | null;

const quantileRow = (term: string, found: Quantiles): [string, string][] =>
  found
    ? [[term, `half within ${span(found.p50Ms)}, 95 % within ${span(found.p95Ms)} (${found.count})`]]
    : [];

const lastDayText = (day: NonNullable<StatsView['lastDay']>): [string, string][] => [
  ['last 24 hours', `${day.admitted} admitted`],
  ['refused', counts(day.refused) || '0'],
  ['ended', counts(day.ended) || '0'],
  ['reaped', counts(day.reaped) || '0'],
  ['counter drift', String(day.drift)],
  ['webhook attempts', counts(day.webhooks.attempts) || '0'],
  ...quantileRow('event to webhook', day.webhooks.age),
  ...quantileRow('create to QR', day.createToQr),
  ['start, own task', stepMeans(day.startSteps.own)],
  ['start, standby', stepMeans(day.startSteps.standby)],
];

type StepMeans = NonNullable<StatsView['lastDay']>['startSteps']['own'];

/** `image pulled 21.5s, code shown 32.0s` */
const stepMeans = (steps: StepMeans): string =>
  START_STEPS.flatMap((step) => {
    const mean = steps[step]?.meanMs;
    return mean === undefined ? [] : [`${START_STEP_WORDS[step]} ${seconds(mean)}`];
  }).join(', ');

const counts = (by: Readonly<Record<string, number>>): string =>
  Object.entries(by)
    .map(([what, n]) => `${what} ${n}`)
    .join(', ');

const addHealth = (program: Command): void => {
  const command = program
    .command('health')
    .description('health of the service; exit code 1 when degraded. With a key, each check');
  examples(command, '');
  runs(command, z.object({}), async (_, context) => {
    const health = await context.apiWithoutKey().health();
    const checks = Object.entries(health.checks ?? {});
    context.out.result(
      health,
      details([
        ['status', context.out.style(health.status === 'ok' ? 'green' : 'red', health.status)],
        [
          'sessions',
          health.activeSessions === undefined ? null : `${health.activeSessions} of ${health.maxSessions}`,
        ],
        ...checks.map(([name, { ok, detail }]) => [name, `${ok ? 'ok' : 'FAILED'}  ${detail}`] as const),
      ]),
    );
    if (health.status !== 'ok') throw new CliError(EXIT.failure, 'the service is degraded');
  });
};
