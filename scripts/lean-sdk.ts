/**
 * An esbuild plugin that leaves out the parts of the AWS SDK that no function uses: a third of a bundle with a few clients.
 * `test/infra/lean-sdk.test.ts` makes real calls through what is left.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import * as z from 'zod';

/**
 * Errors of AWS services that keep their classes: those that functions/ knows by `instanceof`, since it reads their
 * fields, and the one that says by a field that it may be repeated (`$retryable`).
 */
export const ERROR_CLASSES: readonly string[] = [
  'ConditionalCheckFailedException',
  'ConflictException',
  'ReplicatedWriteConflictException',
  'TransactionCanceledException',
];

const REPLACED: Readonly<Record<string, string>> = {
  /**
   * Clients of services with event streams are made with it, and a protocol imports it if an operation has one; none that
   * Berth calls has. A module that is imported at run time is kept whole, with all that it imports: most of
   * `@smithy/core`.
   */
  '@smithy/core/event-streams': `
    const fail = () => { throw new Error('Event streams are not part of the bundle (scripts/lean-sdk.ts).'); };
    export const eventStreamSerdeProvider = () => ({ serialize: fail, deserialize: fail });
    export const resolveEventStreamSerdeConfig = (config) =>
      Object.assign(config, { eventStreamMarshaller: config.eventStreamSerdeProvider(config) });
    export class EventStreamSerde { constructor() { fail(); } }`,
  /** DynamoDB's client makes one for the discovery of endpoints, which is off. A cache that never has anything. */
  '@aws-sdk/endpoint-cache':
    'export class EndpointCache { getEndpoint() {} get() {} set() {} has() { return false; } delete() {} clear() {} }',
  /** Lambda hands credentials over in the environment. The SDK's other ways to find some are 140 KB. */
  '@aws-sdk/credential-provider-node':
    "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
};

export const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup(build) {
    const names = Object.keys(REPLACED).join('|');
    build.onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path }) => ({ path, namespace: 'lean-sdk' }));
    build.onLoad({ filter: /.*/, namespace: 'lean-sdk' }, ({ path }) => ({
      contents: REPLACED[path] ?? '',
      resolveDir: import.meta.dirname,
    }));
    build.onLoad(
      { filter: /[\\/]@aws-sdk[\\/]client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/ },
      async ({ path }) => ({ contents: leanSchemas(await readFile(path, 'utf8')) }),
    );
    // Of its manifest, a client uses the version.
    build.onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[\w-]+[\\/]package\.json$/ }, async ({ path }) => {
      const { version } = manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

const manifestSchema = z.object({ version: z.string() });

/**
 * A client's schemas, so that the bundler sees which are used:
 *
 * - Their keys are names of constants, `[_e]: …`. Reading one could have an effect, so the schemas of every operation of
 *   the service would be kept. With the names themselves, they have none.
 * - Every error is registered with its class when the client is loaded. An error without a registered class is made from
 *   the service's base class, with the same name, message, status and fields (`ProtocolLib` of `@aws-sdk/core`). SQS has
 *   a second, older name for some of its errors, which is then the name; no function reads it.
 */
const leanSchemas = (source: string): string => {
  const texts = new Map(
    [...source.matchAll(/^(?:const|var) (\w+) = ("[^"\n]*");$/gm)].map(([, name, text]) => [name, text]),
  );
  return source
    .replace(/\[(\w+)\]:/g, (key, name) => `${texts.get(name) ?? key}:`)
    .replace(/^n0_registry\.registerError\(\w+\$, (\w+)\);$/gm, (line, name) =>
      ERROR_CLASSES.includes(name) ? line : '',
    );
};
