/** The typed client follows from the table of operations: its types are generated, and an editor shows their texts. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PUBLIC_OPERATIONS } from '../../contract/public-operations.ts';
import { clientMethods } from '../../scripts/client-methods.ts';
import { hoverTexts } from '../helpers/hover.ts';

const root = join(import.meta.dirname, '..', '..');

test('client/methods.ts is what the table of operations gives (else: npm run generate)', () => {
  expect(clientMethods(PUBLIC_OPERATIONS)).toBe(readFileSync(join(root, 'client', 'methods.ts'), 'utf8'));
});

test('an editor shows what a method does, with the names of its parameters', {
  timeout: 120_000,
}, async () => {
  const [get, sendText, challenge] = await hoverTexts(
    // Outside the project: the server then loads what the client imports, and nothing else.
    join(tmpdir(), 'berth-hover.ts'),
    `import type { Client } from '${join(root, 'client', 'index.ts')}';\n`,
    ['Client.sessions.get', 'Client.messages.sendText', 'Client.auth.passkey.challenge'].map(
      (path) =>
        `declare const ${path.replaceAll('.', '_')}: Client;\n${path.replaceAll('.', '_')}.${path.split('.').slice(1).join('.')};`,
    ),
  );
  expect(get).toContain('get: (name: string, options?:');
  expect(get).toContain('Show a session, or wait for a status');
  expect(sendText).toContain('Send a text message');
  expect(challenge).toContain('The passkey challenge to sign');
});
