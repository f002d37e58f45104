import type { Command } from 'commander';
import { z } from 'zod';
import { roleSchema } from '../../core/api/admin.ts';
import { userIdSchema } from '../../core/api/sessions.ts';
import { examples, runs } from '../command.ts';
import { collect, durationInput, nameInput } from '../input.ts';

/** `berth keys …` (admin keys) */
export const addKeys = (program: Command): void => {
  const keys = program.command('keys').description('API keys (admin keys)');
  addList(keys);
  addCreate(keys);
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
        ['SESSIONS', (key) => key.sessions?.join(',') ?? 'all'],
        ['LABEL', (key) => key.label ?? ''],
      ],
      'no keys',
    ),
  );
};

const addCreate = (keys: Command): void => {
  const command = keys
    .command('create')
    .description('make a key; it is shown this once')
    .requiredOption('--user <id>', 'whose key')
    .option('--role <role>', 'user or admin', 'user')
    .option('--session <name>', 'good for this session only (repeatable)', collect)
    .option('--label <text>', 'what it is for')
    .option('--expires <duration>', 'revoked by itself after so long');
  examples(command, '--user anna', '--user anna --session shop --expires 30d --label "shop bot"');
  const input = z.object({
    user: userIdSchema,
    role: roleSchema,
    session: z.array(nameInput).optional(),
    label: z.string().max(100).optional(),
    expires: durationInput.optional(),
  });
  runs(command, input, async ({ user, role, session, label, expires }, context) => {
    const created = await context.api().keys.create({
      userId: user,
      role,
      ...(session ? { sessions: session } : {}),
      ...(label === undefined ? {} : { label }),
      ...(expires === undefined ? {} : { expiresInSeconds: expires }),
    });
    context.out.result(created, created.key);
    if (!context.out.json)
      context.out.note(`key ${created.id} of ${created.userId}: keep it, it is not shown again`);
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
