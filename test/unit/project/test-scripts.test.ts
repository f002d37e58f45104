import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));

/** The folders that a script hands to vitest, which runs each file whose path contains one of them. */
const foldersOf = (script: string): readonly string[] =>
  script.split(' ').filter((word) => word.startsWith('test/'));

test('each test file belongs to exactly one of test:unit, test:simulation, test:integration and test:e2e', () => {
  const parts = ['test:unit', 'test:simulation', 'test:integration', 'test:e2e'].map((name) => {
    const script = scripts[name];
    if (script === undefined) throw new Error(`package.json has no script ${name}`);
    return foldersOf(script);
  });
  for (const file of globSync('test/**/*.test.ts', { cwd: ROOT })) {
    const owners = parts.filter((folders) => folders.some((folder) => file.includes(folder)));
    expect(owners, file).toHaveLength(1);
  }
});

test('no test is run again after it failed', () => {
  expect(readFileSync(join(ROOT, 'vitest.config.ts'), 'utf8')).not.toMatch(/\bretry\b/);
  for (const file of globSync('test/**/*.test.ts', { cwd: ROOT })) {
    if (join(ROOT, file) === import.meta.filename) continue;
    expect(readFileSync(join(ROOT, file), 'utf8'), file).not.toMatch(/\{ retry:|\bretry: \d+ \}/);
  }
});

// Files of one worker share their modules: what a module read from the environment when it was loaded stays, one that is
// loaded is not replaced, and a class of the SDK that is replaced is so for all.
test.each([
  ['sets the environment before it loads a module', /^process\.env\.\w+ = /m],
  ['replaces or reloads a module', /\bvi\.(mock|resetModules)\(/],
  ['replaces the calls of a class of the SDK', /\bmockClient\(\w+Client\)/],
])('a test file that %s runs alone', (_, does) => {
  const config = readFileSync(join(ROOT, 'vitest.config.ts'), 'utf8');
  const doing = globSync('test/**/*.test.ts', { cwd: ROOT }).filter((file) =>
    does.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(doing.filter((file) => !config.includes(`'${file}'`))).toEqual([]);
  expect(doing).not.toEqual([]);
});
