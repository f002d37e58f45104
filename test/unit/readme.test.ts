import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

const PROGRAMS = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.ts'));

test.each(PROGRAMS)('the README shows examples/%s as it is', (name) => {
  expect(readme).toContain(`\`\`\`ts\n${readFileSync(join(ROOT, 'examples', name), 'utf8')}\`\`\`\n`);
});

test('an account is linked in 20 lines', () => {
  const lines = readFileSync(join(ROOT, 'examples', 'link-account.ts'), 'utf8')
    .trimEnd()
    .split('\n');
  expect(lines.length).toBeLessThanOrEqual(20);
});
