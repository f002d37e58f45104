/**
 * Headers of every answer. An answer of the API is for its caller and for programs: nothing may keep it, show it as a
 * page, guess at its type, or hand its address on. A page for people replaces the policy and the caching by its own.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** If the request came by TLS: only TLS for a year. Browsers ignore it over plain HTTP, as it must be (RFC 6797). */
export const STRICT_TRANSPORT = { 'strict-transport-security': 'max-age=31536000' } as const;
