/** API keys: stored hashed, shown once. */
import * as z from 'zod';
import { type createKeyRequestSchema, type KeyView, roleSchema } from '../../contract/bodies/admin.ts';
import { Problem } from '../../contract/errors.ts';
import { rateSchema } from '../../contract/rate.ts';
import { scopeSchema } from '../../contract/scopes.ts';
import { toItem } from '../apply.ts';
import type { Control } from '../control.ts';
import { apiKeyKey, KEYS_PARTITION, keyListKey } from '../items.ts';
import { transactionToken } from '../ports.ts';
import { queryAll } from '../query-all.ts';
import { absent } from '../store.ts';

type Needs = Pick<Control, 'store' | 'clock' | 'ids' | 'sha256'>;

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
});
export type ApiKey = z.infer<typeof keySchema>;

const PREFIX = 'berth_';

/** The key that a request carries, if it exists and has not expired. Found by its hash: no comparison to time. */
export const findApiKey = async (
  control: Pick<Control, 'store' | 'clock' | 'sha256'>,
  presented: string | undefined,
): Promise<ApiKey | undefined> => {
  if (!presented?.startsWith(PREFIX) || presented.length > 100) return undefined;
  return apiKeyByHash(control, control.sha256(presented));
};

/** The same, for who has its hash. */
export const apiKeyByHash = async (
  control: Pick<Control, 'store' | 'clock'>,
  hash: string,
): Promise<ApiKey | undefined> => {
  const item = await control.store.get(apiKeyKey(hash));
  if (!item) return undefined;
  const key = keySchema.parse(item);
  return key.expiresAt !== undefined && key.expiresAt <= control.clock() ? undefined : key;
};

export const createApiKey = async (
  control: Needs,
  request: z.infer<typeof createKeyRequestSchema>,
): Promise<KeyView & { key: string }> => {
  const key = `${PREFIX}${control.ids.secret()}`;
  const hash = control.sha256(key);
  const { userId, role, scopes, sessions, label, expiresInSeconds, rate } = request;
  const createdAt = control.clock();
  const record: ApiKey = {
    id: hash.slice(0, 16),
    hash,
    userId,
    role,
    createdAt,
    ...(scopes ? { scopes } : {}),
    ...(sessions ? { sessions } : {}),
    ...(rate ? { rate } : {}),
    ...(label === undefined ? {} : { label }),
    ...(expiresInSeconds === undefined ? {} : { expiresAt: createdAt + expiresInSeconds * 1000 }),
  };
  const result = await control.store.transact(
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
    transactionToken(control.ids),
  );
  if (!result.ok) throw new Problem('conflict', 'The key could not be created; try again.');
  return { ...keyView(record), key };
};

export const listApiKeys = async (control: Pick<Control, 'store'>): Promise<KeyView[]> => {
  const items = await queryAll(control, { partition: KEYS_PARTITION });
  return items.map((item) => keyView(keySchema.parse(item)));
};

/** One key by its id. Throws 404. */
export const loadApiKey = async (control: Pick<Control, 'store'>, id: string): Promise<KeyView> =>
  keyView(await recordOf(control, id));

const recordOf = async (control: Pick<Control, 'store'>, id: string): Promise<ApiKey> => {
  const item = await control.store.get(keyListKey(id));
  if (!item) throw new Problem('not_found', `There is no key "${id}".`);
  return keySchema.parse(item);
};

/** Revokes. Where the last admin's key goes, `keys-bootstrap` makes another. Throws 404. */
export const deleteApiKey = async (control: Pick<Control, 'store' | 'ids'>, id: string): Promise<void> => {
  const { hash } = await recordOf(control, id);
  await control.store.transact(
    [
      { kind: 'delete', key: apiKeyKey(hash) },
      { kind: 'delete', key: keyListKey(id) },
    ],
    transactionToken(control.ids),
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
});
