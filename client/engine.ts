import type * as z from 'zod';
import {
  type BuildView,
  buildViewSchema,
  type changeEngineRequestSchema,
  type EngineView,
  engineViewSchema,
  type saveBuildRequestSchema,
} from '../contract/bodies/engine.ts';
import type { CallOptions } from './sessions.ts';
import { path, type Transport } from './transport.ts';

type Options = Pick<CallOptions, 'signal'>;

export type EngineClient = {
  /** Admins only. The build of WhatsApp Web that starts load, and how starts end with each known build. */
  readonly get: (options?: Options) => Promise<EngineView>;
  /** Admins only. Pins a stored build (`null` unpins), or sets the share of probing starts in a fallback. */
  readonly set: (change: z.input<typeof changeEngineRequestSchema>, options?: Options) => Promise<EngineView>;
  /** Admins only. Stores the HTML of a build; storing it again replaces it. */
  readonly saveBuild: (
    version: string,
    request: z.input<typeof saveBuildRequestSchema>,
    options?: Options,
  ) => Promise<BuildView>;
  /** Admins only. Removes a stored build; a pinned one is refused. */
  readonly removeBuild: (version: string, options?: Options) => Promise<void>;
};

export const engineClient = (transport: Transport): EngineClient => ({
  get: ({ signal } = {}) =>
    transport.json({ method: 'GET', path: '/api/engine', idempotent: true, signal }, engineViewSchema),
  set: (change, { signal } = {}) =>
    transport.json(
      { method: 'PUT', path: '/api/engine', body: change, idempotent: true, signal },
      engineViewSchema,
    ),
  saveBuild: (version, request, { signal } = {}) =>
    transport.json(
      {
        method: 'PUT',
        path: path`/api/engine/builds/${version}`,
        body: request,
        idempotent: true,
        signal,
      },
      buildViewSchema,
    ),
  removeBuild: async (version, { signal } = {}) => {
    await transport.bytes({
      method: 'DELETE',
      path: path`/api/engine/builds/${version}`,
      idempotent: true,
      signal,
    });
  },
});
