/** A bundler leaves out a module that is imported for its effect alone, unless package.json names it. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const FOLDERS = 'contract,core,client,functions,container,dashboard,simulator,local';

test('package.json names each module that is imported for its effect', () => {
  const imported = globSync(`{${FOLDERS}}/**/*.{ts,tsx}`, {
    cwd: ROOT,
    exclude: ['**/node_modules/**', '**/dist/**'],
  })
    .flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^import '(\.[^']+)';/gm)].map(
        ([, path = '']) => `./${relative(ROOT, join(ROOT, dirname(file), path))}`,
      ),
    )
    .sort();
  expect(imported.length).toBeGreaterThan(0);
  const { sideEffects } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(sideEffects).toEqual([...new Set(imported)]);
});
