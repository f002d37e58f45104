import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { importedPackages } from '../../../scripts/imported-packages.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const manifestSchema = z.object({
  version: z.string(),
  license: z.string(),
  engines: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
});
const manifestIn = (...folder: string[]) =>
  manifestSchema.parse(JSON.parse(readFileSync(join(ROOT, ...folder, 'package.json'), 'utf8')));

test("the client's manifest has the project's version, license and engines", () => {
  const { version, license, engines } = manifestIn();
  expect(manifestIn('client')).toMatchObject({ version, license, engines });
});

test("the client's manifest names the packages that its code imports, in the project's versions", async () => {
  const { dependencies } = manifestIn();
  const imported = await importedPackages(ROOT, ['client/index.ts']);
  expect(manifestIn('client').dependencies).toEqual(
    Object.fromEntries(imported.map((name) => [name, dependencies[name]])),
  );
});
