/** API keys: stored hashed, shown once. */
import * as z from 'zod';
import {
  type createKeyRequestSchema,
  type KeyView,
  roleSchema,
  type updateKeyRequestSchema,
} from '../../contract/bodies/admin.ts';
import { Problem } from '../../contract/errors.ts';
import { rateSchema } from '../../contract/rate.ts';
import { scopeSchema } from '../../contract/scopes.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { apiKeyKey, KEYS_PARTITION, keyListKey } from '../items.ts';
import { transactionToken } from '../ports.ts';
import { queryAll } from '../query-all.ts';
import { absent, and, eq, type Item } from '../store.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'ids' | 'sha256'>;

const keySchema = z.object({
  id: z.string(),
  hash: z.string(),
  userId: z.string(),
  role: roleSchema,
  scopes: z.array(scopeSchema).optional(),
  sessions: z.array(z.string()).optional(),
  label: z.string().optional(),
  createdAt: z.int(),
  expiresAt: z.int().optional(),
  rate: rateSchema.optional(),
  /** False: it is refused. */
  active: z.boolean().optional(),
  /** Grows with each change. */
  version: z.int().optional(),
});
export type ApiKey = z.infer<typeof keySchema>;

const PREFIX = 'berth_';

/** The key that a request carries, if it exists and has not expired. Found by its hash: no comparison to time. */
export const findApiKey = async (
  deps: Pick<Deps, 'store' | 'clock' | 'sha256'>,
  presented: string | undefined,
): Promise<ApiKey | undefined> => {
  if (!presented?.startsWith(PREFIX) || presented.length > 100) return undefined;
  return apiKeyByHash(deps, deps.sha256(presented));
};

/** The same, for who has its hash. */
export const apiKeyByHash = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  hash: string,
): Promise<ApiKey | undefined> => validKey(deps, await deps.store.get(apiKeyKey(hash)));

/** The same, for who has its id. */
export const apiKeyById = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  id: string,
): Promise<ApiKey | undefined> => validKey(deps, await deps.store.get(keyListKey(id)));

const validKey = (deps: Pick<Deps, 'clock'>, item: Item | undefined): ApiKey | undefined => {
  if (!item) return undefined;
  const key = keySchema.parse(item);
  const expired = key.expiresAt !== undefined && key.expiresAt <= deps.clock();
  return expired || key.active === false ? undefined : key;
};

type NewKey = Partial<z.output<typeof createKeyRequestSchema>> & Pick<ApiKey, 'userId' | 'role'>;

export const createApiKey = async (deps: Needs, request: NewKey): Promise<KeyView & { key: string }> => {
  const key = `${PREFIX}${deps.ids.secret()}`;
  const hash = deps.sha256(key);
  const { userId, role, scopes, sessions, label, expiresInSeconds, rate, active } = request;
  const createdAt = deps.clock();
  const record: ApiKey = {
    id: hash.slice(0, 16),
    hash,
    userId,
    role,
    createdAt,
    ...(scopes ? { scopes } : {}),
    ...(sessions ? { sessions } : {}),
    ...(rate ? { rate } : {}),
    ...(active === false ? { active } : {}),
    ...(label === undefined ? {} : { label }),
    ...(expiresInSeconds === undefined ? {} : { expiresAt: createdAt + expiresInSeconds * 1000 }),
  };
  const result = await deps.store.transact(
    [
      {
        kind: 'put',
        key: apiKeyKey(hash),
        item: toItem({ ...apiKeyKey(hash), ...record }),
        condition: absent('pk'),
      },
      {
        kind: 'put',
        key: keyListKey(record.id),
        item: toItem({ ...keyListKey(record.id), ...record }),
        condition: absent('pk'),
      },
    ],
    transactionToken(deps.ids),
  );
  if (!result.ok) throw new Problem('conflict', 'The key could not be created; try again.');
  return { ...keyView(record), key };
};

export const listApiKeys = async (deps: Pick<Deps, 'store'>): Promise<KeyView[]> => {
  const items = await queryAll(deps, { partition: KEYS_PARTITION });
  return items.map((item) => keyView(keySchema.parse(item)));
};

/** One key by its id. Throws 404. */
export const loadApiKey = async (deps: Pick<Deps, 'store'>, id: string): Promise<KeyView> =>
  keyView(await recordOf(deps, id));

const recordOf = async (deps: Pick<Deps, 'store'>, id: string): Promise<ApiKey> => {
  const item = await deps.store.get(keyListKey(id));
  if (!item) throw new Problem('not_found', `There is no key "${id}".`);
  return keySchema.parse(item);
};

/** Changes what a key may do; it stays the same key. Throws 400, 404, or 409 if it was changed meanwhile. */
export const updateApiKey = async (
  deps: Pick<Deps, 'store' | 'ids' | 'clock'>,
  id: string,
  change: z.output<typeof updateKeyRequestSchema>,
): Promise<KeyView> => {
  const known = await recordOf(deps, id);
  const { version = 0 } = known;
  const changed = keySchema.parse({
    ...known,
    role: change.role ?? known.role,
    label: change.label ?? known.label,
    active: change.active ?? known.active,
    sessions: change.sessions === undefined ? known.sessions : (change.sessions ?? undefined),
    scopes: change.scopes === undefined ? known.scopes : (change.scopes ?? undefined),
    rate: change.rate === undefined ? known.rate : (change.rate ?? undefined),
    expiresAt: expiryAfter(change.expiresInSeconds, known, deps.clock()),
    version: version + 1,
  });
  if (changed.role === 'admin' && changed.sessions)
    throw new Problem('malformed', "session: goes with a user's key: an admin's key could make any other");
  if (changed.role === 'user' && changed.scopes?.includes('admin')) {
    if (change.scopes) throw new Problem('malformed', 'scopes: the scope admin needs the role admin');
    changed.scopes = undefined;
  }
  const condition = known.version === undefined ? absent('version') : eq('version', known.version);
  const written = await deps.store.transact(
    [apiKeyKey(known.hash), keyListKey(id)].map((key) => ({
      kind: 'put' as const,
      key,
      item: toItem({ ...key, ...JSON.parse(JSON.stringify(changed)) }),
      condition: and(eq('hash', known.hash), condition),
    })),
    transactionToken(deps.ids),
  );
  if (!written.ok) throw new Problem('conflict', 'The key was changed at the same time; try again.');
  return keyView(changed);
};

/** @param seconds from now; null: never; undefined: as before */
const expiryAfter = (seconds: number | null | undefined, known: ApiKey, now: number): number | undefined => {
  if (seconds === undefined) return known.expiresAt;
  return seconds === null ? undefined : now + seconds * 1000;
};

/** Revokes. If the last admin's key goes, `keys-bootstrap` makes another. Throws 404. */
export const deleteApiKey = async (deps: Pick<Deps, 'store' | 'ids'>, id: string): Promise<void> => {
  const { hash } = await recordOf(deps, id);
  await deps.store.transact(
    [
      { kind: 'delete', key: apiKeyKey(hash) },
      { kind: 'delete', key: keyListKey(id) },
    ],
    transactionToken(deps.ids),
  );
};

const keyView = (key: ApiKey): KeyView => ({
  id: key.id,
  userId: key.userId,
  role: key.role,
  scopes: key.scopes ?? null,
  sessions: key.sessions ?? null,
  label: key.label ?? null,
  createdAt: new Date(key.createdAt).toISOString(),
  expiresAt: key.expiresAt === undefined ? null : new Date(key.expiresAt).toISOString(),
  rate: key.rate ?? null,
  isAdmin: key.role === 'admin',
  isActive: key.active !== false,
  session: key.sessions?.[0] ?? null,
  actions: key.scopes
    ? {
        read: key.scopes.includes('messages:read'),
        send: key.scopes.includes('messages:send'),
        control: key.scopes.includes('sessions:write'),
        setting: key.scopes.includes('sessions:write'),
        app: false,
        delete: key.scopes.includes('sessions:write'),
      }
    : null,
});
