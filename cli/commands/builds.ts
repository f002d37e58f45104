import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import * as z from 'zod';
import type { BuildView, EngineView } from '../../contract/bodies/engine.ts';
import { buildVersionSchema } from '../../contract/builds/version.ts';
import { messageOfError } from '../../contract/message-of-error.ts';
import { examples, runs } from '../command.ts';
import { CliError, EXIT } from '../exit.ts';
import { details } from '../output.ts';
import { packagedBuild } from '../packaged-build.ts';

/** `berth builds …` (admin keys) */
export const addBuilds = (program: Command): void => {
  const builds = program
    .command('builds')
    .description('builds of WhatsApp Web: which one new starts load, and the results with it (admin keys)');
  addList(builds);
  addAdd(builds);
  addPin(builds);
  addUnpin(builds);
  addProbes(builds);
  addRemove(builds);
};

const addList = (builds: Command): void => {
  const command = builds
    .command('ls')
    .alias('list')
    .description('show the build in use, and each known build with its figures of the last 24 hours');
  examples(command, '', '--json');
  runs(command, z.object({}), async (_, context) => {
    const view = await context.api().engine.get();
    if (context.out.json) return context.out.result(view, '');
    context.out.note(stateText(view));
    context.out.list(
      view.builds,
      [
        ['BUILD', (build) => build.version ?? 'unknown'],
        ['', (build) => marks(build, view)],
        ['STORED', (build) => storedText(build)],
        ['STARTS', (build) => String(build.lastDay.starts)],
        ['CODES', (build) => String(build.lastDay.codes)],
        ['LINKS', (build) => String(build.lastDay.links)],
        ['READY', (build) => String(build.lastDay.readies)],
        ['SENT', (build) => String(build.lastDay.sends)],
        ['FAILED', (build) => String(build.lastDay.failures)],
        ['WORKED AT', (build) => build.workedAt ?? 'never'],
      ],
      'no build is known yet: no session has started',
    );
  });
};

const marks = (build: BuildView, view: EngineView): string =>
  [
    ...(build.live ? ['live'] : []),
    ...(build.version !== null && build.version === view.pinned ? ['pinned'] : []),
    ...(build.version !== null && build.version === view.target ? ['in use'] : []),
  ].join(', ');

const storedText = ({ saved }: BuildView): string =>
  saved === null ? '' : saved.expired ? 'expired' : saved.expiresAt ? `until ${saved.expiresAt}` : 'yes';

const stateText = (view: EngineView): string =>
  details([
    ['mode', `${view.mode}, since ${view.since}`],
    ...(view.pinned === null
      ? []
      : [
          [
            'pinned',
            view.pinExpired ? `${view.pinned} (expired: starts load the live build)` : view.pinned,
          ] as const,
        ]),
    ...(view.mode === 'fallback'
      ? ([
          ['in use', `${view.target}, since ${view.from ?? 'the live build'} fails`],
          [
            'probes',
            `${view.probePercent} % of the starts; ${view.probesWorked} of ${view.probesNeeded} in a row worked`,
          ],
        ] as const)
      : []),
    ...(view.failing && view.mode === 'live'
      ? [['failing', 'the live build fails, and no stored build has worked'] as const]
      : []),
  ]);

const addAdd = (builds: Command): void => {
  const command = builds
    .command('add')
    .description("store a build's HTML, so that it can be pinned and fallen back to")
    .argument('[version]', 'like 2.3000.1043565534; without it the newest of --package')
    .option('--file <path>', 'the HTML as WhatsApp served it')
    .option(
      '--package [folder]',
      'take it from the npm package @wppconnect/wa-version (installed, or its folder)',
    )
    .option('--expires <time>', 'when WhatsApp will reject it, as an ISO date; the package contains it');
  examples(
    command,
    '2.3000.1043565534 --file page.html --expires 2026-09-21T20:04:48Z',
    '--package',
    '2.3000.1048032155 --package ./node_modules/@wppconnect/wa-version',
  );
  const input = z
    .object({
      version: buildVersionSchema.optional(),
      file: z.string().min(1).optional(),
      package: z.union([z.literal(true), z.string().min(1)]).optional(),
      expires: z.iso.datetime({ error: 'must be an ISO date, like 2026-09-21T20:04:48Z' }).optional(),
    })
    .refine((i) => (i.file === undefined) !== (i.package === undefined), {
      path: ['file'],
      error: 'or --package is needed, not both',
    })
    .refine((i) => i.file === undefined || i.version !== undefined, {
      path: ['version'],
      error: 'is needed with --file',
    });
  runs(command, input, async ({ version, file, package: folder, expires }, context) => {
    const found =
      folder === undefined
        ? { version: version ?? '', html: await htmlOf(file ?? ''), expiresAt: undefined }
        : await packagedBuild(folder === true ? undefined : folder, version);
    const expiresAt = expires ?? found.expiresAt;
    const build = await context.api().engine.saveBuild(found.version, {
      html: found.html,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    context.out.result(build, `${found.version}: stored, ${storedText(build)}`);
  });
};

const htmlOf = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.usage, `--file cannot be read: ${messageOfError(error)}`);
  }
};

const addPin = (builds: Command): void => {
  const command = builds
    .command('pin')
    .description('make every start load this stored build')
    .argument('<version>', 'from `berth builds ls`');
  examples(command, '2.3000.1043565534');
  runs(command, z.object({ version: buildVersionSchema }), async ({ version }, context) => {
    const view = await context.api().engine.set({ pinned: version });
    context.out.result(view, `${version}: pinned; running sessions keep their build`);
  });
};

const addUnpin = (builds: Command): void => {
  const command = builds.command('unpin').description('make starts load the live build again');
  examples(command, '');
  runs(command, z.object({}), async (_, context) => {
    const view = await context.api().engine.set({ pinned: null });
    context.out.result(view, `no build is pinned; mode ${view.mode}`);
  });
};

const addProbes = (builds: Command): void => {
  const command = builds
    .command('probes')
    .description('set the share of starts that still tries the live build during a fallback')
    .argument('<percent>', '1 to 50');
  examples(command, '20');
  const input = z.object({ percent: z.coerce.number<string>().min(1).max(50) });
  runs(command, input, async ({ percent }, context) => {
    const view = await context.api().engine.set({ probePercent: percent });
    context.out.result(view, `${view.probePercent} % of the starts are probes during a fallback`);
  });
};

const addRemove = (builds: Command): void => {
  const command = builds
    .command('rm')
    .description('remove a stored build; unpin it first')
    .argument('<version>', 'from `berth builds ls`');
  examples(command, '2.3000.1043565534');
  runs(command, z.object({ version: buildVersionSchema }), async ({ version }, context) => {
    await context.api().engine.removeBuild(version);
    context.out.result({ version, removed: true }, `${version}: removed`);
  });
};
