import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Model } from '../assembly/model.ts';
import type { AccessRecorder } from '../iam/recorder.ts';

const accessSchema = z.object({ action: z.string(), resource: z.string() });
export type Access = z.infer<typeof accessSchema>;

/** By function: what its role allows (resources may be patterns), what it used, what it was denied. */
export const accessRecordSchema = z.record(
  z.string(),
  z.object({
    granted: z.array(accessSchema),
    used: z.array(accessSchema),
    denied: z.array(accessSchema),
  }),
);
export type AccessRecord = z.infer<typeof accessRecordSchema>;

/** Of one run of the local system, by handler. */
export const accessRecordOf = (
  model: Pick<Model, 'functions' | 'roles'>,
  access: Pick<AccessRecorder, 'used' | 'denied'>,
): AccessRecord => {
  const used = access.used();
  const denied = access.denied();
  const of = (role: string) => (uses: typeof used) =>
    uses.filter((use) => use.role === role).map(({ action, resource }) => ({ action, resource }));
  return Object.fromEntries(
    model.functions.map(({ name, role }) => {
      const policies = model.roles.find((each) => each.name === role)?.policies ?? [];
      const granted = policies
        .flatMap(({ Statement }) => Statement)
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Action = [], Resource = [] }) =>
          Action.flatMap((action) => Resource.map((resource) => ({ action, resource }))),
        );
      const ofRole = of(role);
      return [name.replace(/^berth-[^-]+-/, ''), { granted, used: ofRole(used), denied: ofRole(denied) }];
    }),
  );
};

/** Into its own file in the folder. */
export const writeAccessRecord = async (folder: string, record: AccessRecord): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${randomUUID()}.json`), JSON.stringify(record));
};
