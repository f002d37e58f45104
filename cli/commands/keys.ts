import type { Command } from 'commander';
import * as z from 'zod';
import { roleSchema } from '../../contract/bodies/admin.ts';
import { userIdSchema } from '../../contract/bodies/sessions.ts';
import { scopeSchema } from '../../contract/scopes.ts';
import { examples, runs } from '../command.ts';
import { CliError, EXIT } from '../exit.ts';
import { collect, durationInput, nameInput, orNone, rateInput } from '../input.ts';

/** `berth keys …` (admin keys) */
export const addKeys = (program: Command): void => {
  const keys = program.command('keys').description('API keys (admin keys)');
  addList(keys);
  addCreate(keys);
  addUpdate(keys);
  addRemove(keys);
};

const addList = (keys: Command): void => {
  const command = keys.command('ls').alias('list').description('list keys; their secrets are never shown');
  examples(command, '');
  runs(command, z.object({}), async (_, context) =>
    context.out.list(
      await context.api().keys.list(),
      [
        ['ID', (key) => key.id],
        ['USER', (key) => key.userId],
        ['ROLE', (key) => key.role],
        ['CREATED', (key) => key.createdAt],
        ['EXPIRES', (key) => key.expiresAt ?? 'never'],
        ['ACTIVE', (key) => (key.isActive === false ? 'no' : 'yes')],
        ['SCOPES', (key) => key.scopes?.join(',') ?? 'all'],
        ['SESSIONS', (key) => key.sessions?.join(',') ?? 'all'],
        ['RATE', (key) => (key.rate ? `${key.rate.perMinute}/min` : "user's")],
        ['LABEL', (key) => key.label ?? ''],
      ],
      'no keys',
    ),
  );
};

const addCreate = (keys: Command): void => {
  const command = keys
    .command('create')
    .description('create a key; it is shown only once')
    .requiredOption('--user <id>', 'whose key')
    .option('--role <role>', 'user or admin', 'user')
    .option('--scope <scope>', `its permissions (repeatable): ${scopeSchema.options.join(', ')}`, collect)
    .option('--session <name>', 'valid for this session only (repeatable)', collect)
    .option('--label <text>', 'what it is for')
    .option('--expires <duration>', 'expires after this time')
    .option('--rate <n>', "requests a minute (n or n/burst) of this key alone, instead of its user's");
  examples(
    command,
    '--user anna',
    '--user anna --session shop --expires 30d --label "shop bot"',
    '--user anna --scope sessions:read --scope messages:send --rate 600',
  );
  const input = z.object({
    user: userIdSchema,
    role: roleSchema,
    scope: z.array(scopeSchema).optional(),
    session: z.array(nameInput).optional(),
    label: z.string().max(100).optional(),
    expires: durationInput.optional(),
    rate: rateInput.optional(),
  });
  runs(command, input, async ({ user, role, scope, session, label, expires, rate }, context) => {
    const created = await context.api().keys.create({
      userId: user,
      role,
      ...(scope ? { scopes: scope } : {}),
      ...(session ? { sessions: session } : {}),
      ...(label === undefined ? {} : { label }),
      ...(expires === undefined ? {} : { expiresInSeconds: expires }),
      ...(rate ? { rate } : {}),
    });
    context.out.result(created, created.key);
    if (!context.out.json)
      context.out.note(`key ${created.id} of ${created.userId}: store it, it is not shown again`);
  });
};

const addUpdate = (keys: Command): void => {
  const command = keys
    .command('update')
    .description('change what a key may do; the key itself stays the same')
    .argument('<id>', 'from `berth keys ls`')
    .option('--role <role>', 'user or admin')
    .option(
      '--scope <scope>',
      `its permissions (repeatable): ${scopeSchema.options.join(', ')}; none: all that its role allows`,
      collect,
    )
    .option('--session <name>', 'valid for this session only (repeatable); none: for all', collect)
    .option('--label <text>', 'what it is for')
    .option('--expires <duration>', 'expires after this time from now; none: never')
    .option('--rate <n>', "requests a minute (n or n/burst); none: its user's")
    .option('--inactive', 'refuse it until it is made active')
    .option('--active', 'accept it again');
  examples(
    command,
    '0123abcd --inactive',
    '0123abcd --scope messages:read --expires 30d',
    '0123abcd --session none',
  );
  const noneAlone = z.tuple([z.literal('none')]).transform(() => null);
  const input = z.object({
    id: z.string().min(1),
    role: roleSchema.optional(),
    scope: z.union([noneAlone, z.array(scopeSchema)]).optional(),
    session: z.union([noneAlone, z.array(nameInput)]).optional(),
    label: z.string().max(100).optional(),
    expires: orNone(durationInput),
    rate: orNone(rateInput),
    inactive: z.boolean().optional(),
    active: z.boolean().optional(),
  });
  runs(command, input, async (given, context) => {
    const { id, role, scope, session, label, expires, rate, inactive, active } = given;
    if (inactive && active) throw new CliError(EXIT.usage, 'give --active or --inactive, not both');
    const change = {
      ...(role ? { role } : {}),
      ...(scope === undefined ? {} : { scopes: scope }),
      ...(session === undefined ? {} : { sessions: session }),
      ...(label === undefined ? {} : { label }),
      ...(expires === undefined ? {} : { expiresInSeconds: expires }),
      ...(rate === undefined ? {} : { rate }),
      ...(inactive ? { isActive: false } : active ? { isActive: true } : {}),
    };
    if (Object.keys(change).length === 0)
      throw new CliError(EXIT.usage, 'name at least one change', 'berth keys update --help');
    context.out.result(await context.api().keys.update(id, change), `${id}: changed`);
  });
};

const addRemove = (keys: Command): void => {
  const command = keys.command('rm').description('revoke a key').argument('<id>', 'from `berth keys ls`');
  examples(command, '0123abcd');
  runs(command, z.object({ id: z.string().min(1) }), async ({ id }, context) => {
    await context.api().keys.delete(id);
    context.out.result({ id, deleted: true }, `${id}: revoked`);
  });
};
