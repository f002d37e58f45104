/**
 * How a request says whose it is: by an API key in a header, or by the dashboard's sign-in in a cookie. A browser sends
 * a cookie along with requests that other pages make, so one that may change something counts only with a header that
 * no other origin's page can set: it would have to ask first (CORS preflight), and is never allowed.
 *
 * Cookies do not know ports. Without TLS (on one machine) a browser sends the cookie to every server on 127.0.0.1 that its
 * user opens, so the cookie alone is worth nothing there: the sign-in's answer has a second secret, the proof, in the same
 * header. The page keeps it in its origin's storage, which is the port's own, and sends it with every request.
 */

/** A sign-in ends after this at the latest, however much it is used. */
export const SIGN_IN_SECONDS = 12 * 3600;

export const DASHBOARD_HEADER = 'x-berth-dashboard';

/** 32 random bytes in base64url, as `Ids.secret` makes them. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Reading methods change nothing (RFC 9110, 9.2.1). */
const READING = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The cookie's name. With TLS it begins with `__Host-`: a browser then takes it from this host alone, so that no
 * neighbor under the same domain can put another sign-in in its place.
 */
const nameOf = (tls: boolean): string => (tls ? '__Host-berth' : 'berth');

/** Not sent with what other sites cause, and not to be read by any script. */
const attributes = (tls: boolean): string => `Path=/; HttpOnly; SameSite=Strict${tls ? '; Secure' : ''}`;

/** The value of Set-Cookie that signs in. */
export const signInCookie = (token: string, seconds: number, tls: boolean): string =>
  `${nameOf(tls)}=${token}; Max-Age=${seconds}; ${attributes(tls)}`;

/** The value of Set-Cookie that removes it. */
export const signOutCookie = (tls: boolean): string => `${nameOf(tls)}=; Max-Age=0; ${attributes(tls)}`;

/** A request as far as it says whose it is; header names in lower case, each cookie as `name=value`. */
type Presenting = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly cookies: readonly string[];
};

type Credential =
  | { readonly via: 'key'; readonly key: string }
  /** `proof`: without TLS. */
  | { readonly via: 'cookie'; readonly token: string; readonly proof?: string }
  /** A cookie on a request that may change something and that does not say it comes from the dashboard. */
  | { readonly via: 'unmarked' }
  | { readonly via: 'nothing' };

/** A key in the header counts first: only a program that has a key sends one. */
export const credentialOf = ({ method, headers, cookies }: Presenting, tls: boolean): Credential => {
  const key = headers['x-api-key'];
  if (key !== undefined) return { via: 'key', key };
  const token = tokenOf(cookies, tls);
  if (token === undefined) return { via: 'nothing' };
  const mark = headers[DASHBOARD_HEADER];
  if (!READING.includes(method) && !isMark(mark, tls)) return { via: 'unmarked' };
  if (tls) return { via: 'cookie', token };
  return mark !== undefined && TOKEN.test(mark) ? { via: 'cookie', token, proof: mark } : { via: 'nothing' };
};

/** Whether the header says that the dashboard's own page asks. */
export const isMark = (header: string | undefined, tls: boolean): boolean =>
  header === '1' || (!tls && header !== undefined && TOKEN.test(header));

const tokenOf = (cookies: readonly string[], tls: boolean): string | undefined => {
  const start = `${nameOf(tls)}=`;
  return cookies
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(start))
    .map((cookie) => cookie.slice(start.length))
    .find((value) => TOKEN.test(value));
};
