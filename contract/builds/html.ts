/** The HTML of one build of WhatsApp Web, as an operator saved it. */
import type { FieldError } from '../errors.ts';

/** The pages of 2026 have about 640 KB. */
export const MAX_HTML_BYTES = 2 * 1024 * 1024;

/**
 * Why this HTML cannot be served as that build, or undefined. A page names its build by the last number of the
 * version, as `client_revision`, or by the whole version.
 */
export const htmlError = (html: string, version: string): FieldError | undefined => {
  const wrong = (message: string): FieldError => ({ path: 'html', message });
  if (!/^\s*(<!--[^>]*-->\s*)*<!doctype html/i.test(html)) return wrong('must be an HTML document');
  const revision = version.split('.').at(-1) ?? '';
  const revisions = [...html.matchAll(/"client_revision":\s*(\d+)/g)].map(([, found]) => found);
  if (revisions.length > 0 && !revisions.includes(revision))
    return wrong(`belongs to revision ${revisions[0]}, not to ${version}`);
  if (revisions.length === 0 && !html.includes(version)) return wrong(`does not name the build ${version}`);
  return undefined;
};
