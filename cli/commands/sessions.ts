import type { Command } from 'commander';
import * as z from 'zod';
import { type SessionConfig, webhookSchema } from '../../contract/bodies/session-config.ts';
import type { SessionView } from '../../contract/bodies/sessions.ts';
import { type RestartConfig, restartPolicySchema } from '../../contract/restart.ts';
import { type Size, sizeSchema } from '../../contract/size.ts';
import { type Ignore, ignoreSchema } from '../../contract/whatsapp/ignore.ts';
import { byTime, START_STEP_WORDS } from '../../contract/worker/start-steps.ts';
import { accountText } from '../account.ts';
import { examples, runs } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { collect, durationInput, metadataInput, nameInput, userInput, userOrAllInput } from '../input.ts';
import { type Column, details, seconds, since, until } from '../output.ts';
import { followQr } from '../qr/follow.ts';

const USER = ['--user <id>', 'owner of the session (admin keys)'] as const;
const one = z.object({ name: nameInput, user: userInput });

/** `berth sessions …` */
export const addSessions = (program: Command): void => {
  const sessions = program.command('sessions').description('create, show and end sessions');
  addCreate(sessions);
  addList(sessions);
  addGet(sessions);
  addStart(sessions);
  addAct(sessions, 'stop', 'end a session and keep its account', 'stopping');
  addAct(sessions, 'restart', 'end a session and start it again', 'restarting');
  addLogout(sessions);
  addRemove(sessions);
  addEvents(sessions);
};

/** For a code before anything is shown: a standby task has one by then, and a cold start is followed from there on. */
const SOON_SECONDS = 2;

const SIZES = sizeSchema.options;
const RESTART_POLICIES = restartPolicySchema.options;
const IGNORABLE = ignoreSchema.keyof().options;

const addCreate = (sessions: Command): void => {
  const command = sessions
    .command('create')
    .description('create a session and start it')
    .argument('[name]', 'its name; "default" without one')
    .option('--no-start', 'create it only')
    .option('--webhook <url>', 'deliver all events there (repeatable)', collect)
    .option('--metadata <key=value>', 'stored with the session, sent in webhooks (repeatable)', collect)
    .option('--idle-timeout <duration>', 'end it after this time without a message')
    .option('--max-duration <duration>', 'end it after this time at the latest')
    .option('--keep-alive', 'never end it for being idle or for its duration (admin keys)')
    .option('--restart <policy>', `start it again after its task was lost: ${RESTART_POLICIES.join(', ')}`)
    .option('--size <size>', `CPU and memory of its task: ${SIZES.join(', ')} (large: admin keys)`)
    .option('--ignore <kind>', `drop events of such chats: ${IGNORABLE.join(', ')} (repeatable)`, collect)
    .option('--send-seen', 'mark a chat as read before each message to it')
    .option('--qr', 'show its QR code until an account is linked')
    .option('--invert', 'swap dark and light of the drawn code')
    .option(...USER);
  examples(
    command,
    'shop --qr',
    'shop --webhook https://example.com/hook --metadata team=sales',
    'bot --idle-timeout 1h --no-start',
    'bot --ignore status --ignore groups',
    'support --keep-alive --restart always',
  );
  const input = z.object({
    name: nameInput.optional(),
    start: z.boolean(),
    webhook: z.array(webhookSchema.shape.url).optional(),
    metadata: metadataInput,
    idleTimeout: durationInput.optional(),
    maxDuration: durationInput.optional(),
    keepAlive: z.boolean().optional(),
    restart: restartPolicySchema.optional(),
    size: sizeSchema.optional(),
    ignore: z.array(z.enum(IGNORABLE)).optional(),
    sendSeen: z.boolean().optional(),
    qr: z.boolean().default(false),
    invert: z.boolean().default(false),
    user: userInput,
  });
  runs(command, input, async (given, context) => {
    const follows = given.qr && given.start;
    const { qr, ...session } = await context
      .api()
      .sessions.create(
        { ...(given.name ? { name: given.name } : {}), start: given.start, config: configOf(given) },
        { userId: given.user, ...(follows ? { waitSeconds: SOON_SECONDS } : {}) },
      );
    showChanged(context, session, given.start ? 'created and starting' : 'created');
    if (follows)
      await followQr(context, {
        name: session.name,
        userId: given.user,
        invert: given.invert,
        first: qr?.value,
      });
  });
};

const configOf = (given: {
  webhook?: string[] | undefined;
  metadata?: Record<string, string> | undefined;
  idleTimeout?: number | undefined;
  maxDuration?: number | undefined;
  keepAlive?: boolean | undefined;
  restart?: RestartConfig['policy'] | undefined;
  size?: Size | undefined;
  ignore?: (keyof Ignore)[] | undefined;
  sendSeen?: boolean | undefined;
}): SessionConfig => ({
  ...(given.webhook ? { webhooks: given.webhook.map((url) => ({ url, events: ['*' as const] })) } : {}),
  ...(given.metadata ? { metadata: given.metadata } : {}),
  ...(given.idleTimeout ? { idleTimeoutSeconds: given.idleTimeout } : {}),
  ...(given.maxDuration ? { maxDurationSeconds: given.maxDuration } : {}),
  ...(given.keepAlive ? { keepAlive: true } : {}),
  ...(given.restart ? { restart: { policy: given.restart } } : {}),
  ...(given.size ? { size: given.size } : {}),
  ...(given.ignore ? { ignore: Object.fromEntries(given.ignore.map((kind) => [kind, true])) } : {}),
  ...(given.sendSeen ? { sendSeen: true } : {}),
});

const addList = (sessions: Command): void => {
  const command = sessions
    .command('ls')
    .alias('list')
    .description('list running sessions')
    .option('--all', 'stopped and failed ones too')
    .option('--user <id>', 'owner of the sessions (admin keys); "*" for all users');
  examples(command, '', '--all', "--user '*' --json");
  runs(command, z.object({ all: z.boolean().optional(), user: userOrAllInput }), async (given, context) => {
    const now = context.now();
    const owner: Column<SessionView>[] = given.user ? [['USER', (s) => s.userId]] : [];
    await context.out.list(
      context.api().sessions.list({ all: given.all, userId: given.user }),
      [
        ...owner,
        ['NAME', (s) => s.name],
        ['STATUS', (s) => s.status],
        ['STATE', (s) => s.state],
        ['AGE', (s) => since(s.startedAt, now)],
        ['IDLE IN', (s) => until(s.idleAt, now)],
        ['RESTARTS', (s) => restartText(s, now)],
        ['ENDS IN', (s) => until(s.expiresAt, now)],
        ['LINKED', (s) => (s.linked ? 'yes' : 'no')],
        ['ACCOUNT', (s) => accountText(s.me)],
      ],
      given.all ? 'no sessions' : 'no session runs; --all lists stopped ones',
    );
  });
};

const addGet = (sessions: Command): void => {
  const command = sessions
    .command('get')
    .description('show a session')
    .argument('<name>')
    .option(...USER);
  examples(command, 'shop', 'shop --json');
  runs(command, one, async ({ name, user }, context) => {
    const session = await context.api().sessions.get(name, { userId: user });
    context.out.result(session, sessionText(session, context.now()));
  });
};

/** `2 of 5, crashed, next in 30s` */
const restartText = ({ restart }: SessionView, now: number): string => {
  const { policy, attempts, maxAttempts, reason, nextAttemptAt } = restart;
  if (policy === 'never' && attempts === 0) return '-';
  return [
    `${attempts} of ${maxAttempts}`,
    ...(reason === null ? [] : [reason]),
    ...(nextAttemptAt === null ? [] : [`next in ${until(nextAttemptAt, now)}`]),
  ].join(', ');
};

/** `standby task: session taken 0.2s, code shown 0.5s` */
const startText = ({ start }: SessionView): string | null => {
  if (start === null) return null;
  const steps = byTime(start.steps).map(([step, ms]) => `${START_STEP_WORDS[step]} ${seconds(ms)}`);
  return `${start.standby ? 'standby task: ' : ''}${steps.join(', ')}`;
};

const sessionText = (s: SessionView, now: number): string =>
  details([
    ['name', s.name],
    ['user', s.userId],
    ['status', s.status],
    ['state', s.state],
    ['account', s.me ? accountText(s.me) : null],
    ['hidden id', s.me?.lid],
    ['dialogs', s.dialogs && s.dialogs.unknown > 0 ? `${s.dialogs.unknown} unknown and open` : null],
    ['linked', s.linked ? 'yes' : 'no'],
    ['ended for', s.stopReason],
    ['detail', s.detail],
    ['age', s.startedAt && since(s.startedAt, now)],
    ['start', startText(s)],
    ['idle in', s.idleAt && until(s.idleAt, now)],
    ['restarts', s.restart.policy === 'never' && s.restart.attempts === 0 ? null : restartText(s, now)],
    ['ends in', s.expiresAt && until(s.expiresAt, now)],
    ['saved', s.authState && `${since(s.authState.savedAt, now)} ago, ${s.authState.bytes} bytes`],
    ['webhooks', s.config.webhooks?.map((webhook) => webhook.url).join(' ')],
    [
      'metadata',
      Object.entries(s.config.metadata ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ],
  ]);

const addStart = (sessions: Command): void => {
  const command = sessions
    .command('start')
    .description('start a session; a linked one needs no QR code')
    .argument('<name>')
    .option('--qr', 'show its QR code, if it needs one, until an account is linked')
    .option('--invert', 'swap dark and light of the drawn code')
    .option(...USER);
  examples(command, 'shop', 'shop --qr');
  const input = one.extend({ qr: z.boolean().default(false), invert: z.boolean().default(false) });
  runs(command, input, async ({ name, user, qr, invert }, context) => {
    const { qr: code, ...session } = await context
      .api()
      .sessions.start(name, { userId: user, ...(qr ? { waitSeconds: SOON_SECONDS } : {}) });
    showChanged(context, session, 'starting');
    if (qr) await followQr(context, { name, userId: user, invert, first: code?.value });
  });
};

const addAct = (sessions: Command, verb: 'stop' | 'restart', description: string, done: string): void => {
  const command = sessions
    .command(verb)
    .description(description)
    .argument('<name>')
    .option(...USER);
  examples(command, 'shop');
  runs(command, one, async ({ name, user }, context) =>
    showChanged(context, await context.api().sessions[verb](name, { userId: user }), done),
  );
};

const addLogout = (sessions: Command): void => {
  const command = sessions
    .command('logout')
    .description('unlink the account at WhatsApp; a session that runs shows a new QR code')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .option(...USER);
  examples(command, 'shop');
  runs(command, one.extend({ yes: z.boolean().optional() }), async ({ name, user, yes }, context) => {
    const client = context.api();
    if (!yes) await confirm(`Unlink the account of ${name}?`);
    showChanged(context, await client.sessions.logout(name, { userId: user }), 'logged out');
  });
};

const addRemove = (sessions: Command): void => {
  const command = sessions
    .command('rm')
    .description('delete a session and its linked account')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .option(...USER);
  examples(command, 'shop', 'shop --yes');
  runs(command, one.extend({ yes: z.boolean().optional() }), async ({ name, user, yes }, context) => {
    const client = context.api();
    if (!yes) await confirm(`Delete ${name} and its linked account?`);
    await client.sessions.delete(name, { userId: user });
    context.out.result({ name, deleted: true }, `${name}: deleted`);
  });
};

const addEvents = (sessions: Command): void => {
  const command = sessions
    .command('events')
    .description('recent events of a session')
    .argument('<name>')
    .option(...USER);
  examples(command, 'shop', 'shop --json');
  runs(command, one, async ({ name, user }, context) =>
    context.out.list(
      await context.api().sessions.events(name, { userId: user }),
      [
        ['TIME', (e) => new Date(e.timestamp).toISOString()],
        ['EPOCH', (e) => String(e.epoch)],
        ['EVENT', (e) => e.event],
        ['DETAIL', (e) => JSON.stringify(e.payload)],
      ],
      'no events',
    ),
  );
};

const showChanged = (context: Context, session: SessionView, done: string): void =>
  context.out.result(session, `${session.name}: ${done} (${session.status})`);
