/** Builds of WhatsApp Web as the npm package `@wppconnect/wa-version` carries them: `versions.json` and `html/`. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { buildVersion, compareVersions } from '../contract/builds/version.ts';
import { CliError, EXIT } from './exit.ts';

const PACKAGE = '@wppconnect/wa-version';

const versionsSchema = z.object({
  versions: z.array(z.object({ version: z.string(), expire: z.string().nullish() })),
});

type PackagedBuild = {
  readonly version: string;
  readonly html: string;
  readonly expiresAt: string | undefined;
};

/**
 * One build of the package: `version`, or the newest. Reads files only; nothing of the package is run.
 * @param folder the folder of the package; without it, the package installed in the working folder
 */
export const packagedBuild = async (
  folder: string | undefined,
  version: string | undefined,
): Promise<PackagedBuild> => {
  const root = folder === undefined ? installed() : resolve(folder);
  const listed = await readVersions(root);
  const wanted = listed
    .flatMap(({ version: name, expire }) => {
      const found = buildVersion(name);
      return found === undefined ? [] : [{ name, version: found, expire }];
    })
    .sort((a, b) => compareVersions(b.version, a.version))
    .find((build) => version === undefined || build.version === version);
  if (!wanted)
    throw new CliError(
      EXIT.usage,
      version === undefined ? `${root} has no build` : `${root} has no build ${version}`,
    );
  const html = await readText(join(root, 'html', `${wanted.name}.html`));
  const expiresAt = wanted.expire ? new Date(wanted.expire).toISOString() : undefined;
  return { version: wanted.version, html, expiresAt };
};

const installed = (): string => {
  try {
    const here = createRequire(pathToFileURL(join(process.cwd(), 'berth.js')));
    return dirname(here.resolve(`${PACKAGE}/package.json`));
  } catch {
    throw new CliError(
      EXIT.usage,
      `the package ${PACKAGE} is not installed here`,
      `npm install --no-save ${PACKAGE}`,
    );
  }
};

const readVersions = async (root: string) => {
  const parsed = versionsSchema.safeParse(JSON.parse(await readText(join(root, 'versions.json'))));
  if (!parsed.success) throw new CliError(EXIT.usage, `${root} is not the package ${PACKAGE}`);
  return parsed.data.versions;
};

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new CliError(EXIT.usage, `${file} cannot be read`);
  }
};
