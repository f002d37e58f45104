/**
 * Validates a requested session configuration, and shows a stored one. Reading a configuration and writing it back
 * changes nothing: a secret that is left out or masked is kept, and only null removes it. A kept secret never goes
 * to a host that did not have it: another host gets neither the header values nor the login of the one before.
 */
import type {
  SessionConfig,
  SessionConfigRequest,
  Webhook,
  WebhookRequest,
} from '../../contract/bodies/session-config.ts';
import { type FieldError, Problem } from '../../contract/errors.ts';
import { parseProxy } from '../../contract/proxy.ts';
import { identified } from '../events/webhooks.ts';
import type { Sha256 } from '../ports.ts';

/** Of a stored configuration, as JSON. Lists of sessions carry it, and so does the index of a user's sessions. */

/** Replaces a secret in every configuration that is shown. */
export const MASK = '********';

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/** A URL with its login masked; the same text if it has none. */
export const maskedUrl = (text: string): string => {
  const url = parseUrl(text);
  if (!url || (url.username === '' && url.password === '')) return text;
  // A user name alone is a token.
  if (url.password === '') url.username = MASK;
  else url.password = MASK;
  return url.href;
};

const maskedWebhook = ({ hmac, customHeaders, ...webhook }: Webhook): Webhook => ({
  ...webhook,
  url: maskedUrl(webhook.url),
  ...(hmac ? { hmac: { key: MASK } } : {}),
  ...(customHeaders ? { customHeaders: customHeaders.map(({ name }) => ({ name, value: MASK })) } : {}),
});

/** The configuration without what must not be read back: keys, header values, logins. */
export const shownConfig = (config: SessionConfig): SessionConfig => {
  const { webhooks, proxy } = config;
  const stored = proxy && storedProxy(proxy);
  return {
    ...config,
    ...(webhooks ? { webhooks: webhooks.map(maskedWebhook) } : {}),
    ...(stored ? { proxy: { ...stored, ...(stored.password === undefined ? {} : { password: MASK }) } } : {}),
  };
};

/** What Chromium is given. An older configuration may have the login in the address. */
export const storedProxy = (
  proxy: NonNullable<SessionConfig['proxy']>,
): NonNullable<SessionConfig['proxy']> => {
  const { server, username, password } = parseProxy(proxy.server) ?? { server: proxy.server };
  if (username === undefined) return { ...proxy, server };
  return { server, username, ...(password === undefined ? {} : { password }) };
};

/**
 * The configuration to store.
 *
 * @param known what is stored now; undefined for a new session
 * @param most bytes that it may have
 * @throws Problem `too_many` (429) above `most`; `malformed` with the field, if a mask replaces a secret that is not stored
 */
export const acceptConfig = (
  sha256: Sha256,
  known: SessionConfig | undefined,
  requested: SessionConfigRequest,
  most: number,
): SessionConfig => {
  const errors: FieldError[] = [];
  const { webhooks, proxy, ...rest } = requested;
  const accepted: SessionConfig = {
    ...rest,
    ...(webhooks ? { webhooks: acceptWebhooks(sha256, known?.webhooks ?? [], webhooks, errors) } : {}),
    ...(proxy ? { proxy: acceptProxy(known?.proxy, proxy, errors) } : {}),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(accepted)).length;
  if (bytes > most)
    throw new Problem('too_many', `config: has ${bytes} bytes; ${most} are allowed.`, {
      scope: 'configBytes',
      limit: most,
      active: bytes,
      errors: [{ path: 'config', message: `must not be larger than ${most} bytes` }],
    });
  if (errors.length > 0)
    throw new Problem('malformed', 'The configuration has a mask without a stored secret.', { errors });
  return accepted;
};

const acceptWebhooks = (
  sha256: Sha256,
  known: readonly Webhook[],
  requested: readonly WebhookRequest[],
  errors: FieldError[],
): Webhook[] => {
  const before = identified(known, sha256);
  const matched = matches(before, requested);
  const webhooks = requested.map((request, index) => {
    const { id: _asked, ...webhook } = acceptWebhook(matched[index], request, (path, message) =>
      errors.push({ path: `config.webhooks.${index}.${path}`, message }),
    );
    const id = matched[index]?.id;
    return id === undefined ? webhook : { id, ...webhook };
  });
  // An id that was just given up may still stand in the queue: a new webhook must not get its events.
  return identified(webhooks, sha256, new Set(before.map(({ id }) => id)));
};

/** For each requested webhook the stored one that it is: by id, by URL and events, by URL. None is matched twice. */
const matches = <W extends Webhook>(
  known: readonly W[],
  requested: readonly WebhookRequest[],
): (W | undefined)[] => {
  const free = new Set(known);
  const found = new Map<WebhookRequest, W>();
  const sameUrl = (one: W, { url }: WebhookRequest) => one.url === url || maskedUrl(one.url) === url;
  const rules: ((one: W, request: WebhookRequest) => boolean)[] = [
    (one, { id }) => one.id === id,
    (one, request) => sameUrl(one, request) && eventsOf(one) === eventsOf(request),
    sameUrl,
  ];
  for (const isSame of rules)
    for (const request of requested) {
      if (found.has(request)) continue;
      const match = [...free].find((one) => isSame(one, request));
      if (!match) continue;
      found.set(request, match);
      free.delete(match);
    }
  return requested.map((request) => found.get(request));
};

const eventsOf = ({ events }: { readonly events: readonly string[] }): string =>
  [...new Set(events)].sort().join(' ');

type Complain = (path: string, message: string) => void;

const NOTHING_KEPT = 'is a mask, but no value is stored; give the value';

const acceptWebhook = (known: Webhook | undefined, request: WebhookRequest, complain: Complain): Webhook => {
  const { hmac, customHeaders, ...webhook } = request;
  const url = known && maskedUrl(known.url) === request.url ? known.url : request.url;
  if (isMaskedUrl(url)) complain('url', NOTHING_KEPT);
  const trusted = known !== undefined && originOf(known.url) === originOf(url);
  const key = hmac === null || hmac?.key === null ? undefined : acceptKey(known, hmac?.key, complain);
  const headers = acceptHeaders(trusted ? known : undefined, customHeaders, complain);
  return {
    ...webhook,
    url,
    ...(key === undefined ? {} : { hmac: { key } }),
    ...(headers === undefined ? {} : { customHeaders: headers }),
  };
};

const originOf = (url: string): string | undefined => parseUrl(url)?.origin;

const isMaskedUrl = (text: string): boolean => {
  const url = parseUrl(text);
  return url?.password === MASK || url?.username === MASK;
};

/** A key never leaves Berth, so it is kept for another URL too: without it the events would go unsigned. */
const acceptKey = (
  known: Webhook | undefined,
  key: string | undefined,
  complain: Complain,
): string | undefined => {
  if (key !== undefined && key !== MASK) return key;
  if (key === MASK && !known?.hmac) complain('hmac.key', NOTHING_KEPT);
  return known?.hmac?.key;
};

const acceptHeaders = (
  known: Webhook | undefined,
  headers: WebhookRequest['customHeaders'],
  complain: Complain,
): Webhook['customHeaders'] => {
  if (headers === undefined) return known?.customHeaders;
  return headers?.flatMap(({ name, value }, index) => {
    if (value === null) return [];
    if (value !== undefined && value !== MASK) return [{ name, value }];
    const kept = known?.customHeaders?.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (!kept) complain(`customHeaders.${index}.value`, value === MASK ? NOTHING_KEPT : 'is missing');
    return kept ? [{ name, value: kept.value }] : [];
  });
};

const acceptProxy = (
  stored: SessionConfig['proxy'],
  request: NonNullable<SessionConfigRequest['proxy']>,
  errors: FieldError[],
): NonNullable<SessionConfig['proxy']> => {
  const known = stored && storedProxy(stored);
  const parsed = parseProxy(request.server);
  const server = parsed?.server ?? request.server;
  const username = parsed?.username ?? request.username ?? undefined;
  const asked = parsed?.username === undefined ? request.password : (parsed.password ?? null);
  if (username === undefined) return { server };
  if (asked === null) return { server, username };
  if (asked !== undefined && asked !== MASK) return { server, username, password: asked };
  const kept = known?.server === server && known.username === username ? known.password : undefined;
  if (asked === MASK && kept === undefined)
    errors.push({ path: 'config.proxy.password', message: NOTHING_KEPT });
  return { server, username, ...(kept === undefined ? {} : { password: kept }) };
};
