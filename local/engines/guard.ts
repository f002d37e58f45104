/**
 * Decides which requests an engine accepts. The engines check neither signatures nor permissions: the gateway does
 * that before them. They listen on loopback, which every account and every web page on the machine can reach. So each
 * start has a secret in the engine's URL, which only this process knows, and a request must name a loopback host (DNS
 * rebinding).
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export type Guard = {
  /** The part of the URL after the port: `/` and the secret. */
  readonly path: string;
  /** The target without the secret; undefined: the request is none of this process's. */
  readonly admit: (request: Pick<IncomingMessage, 'url' | 'headers'>) => string | undefined;
};

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

export const newGuard = (): Guard => {
  const secret = randomBytes(32).toString('base64url');
  const expected = digest(secret);
  return {
    path: `/${secret}`,
    admit: ({ url = '/', headers }) => {
      const [, presented = '', rest = ''] = /^\/([^/?]*)(.*)$/s.exec(url) ?? [];
      if (!timingSafeEqual(digest(presented), expected)) return undefined;
      if (!LOOPBACK.test(headers.host ?? '')) return undefined;
      return rest.startsWith('/') ? rest : `/${rest}`;
    },
  };
};
