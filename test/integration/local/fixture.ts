import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionModel } from '../../../local/assembly/model.ts';

/** Functions written to their own folder, as the assembly's assets are. */
export class FunctionFiles {
  readonly root = mkdtempSync(join(tmpdir(), 'berth-functions-'));

  /** @param source an ES module that exports `handler` */
  add(name: string, source: string, changes: Partial<FunctionModel> = {}): FunctionModel {
    const assetDir = mkdtempSync(join(this.root, `${name}-`));
    writeFileSync(join(assetDir, 'index.mjs'), source);
    return {
      name: `berth-local-${name}`,
      logicalId: name,
      label: name,
      arn: `arn:aws:lambda:us-east-1:000000000000:function:berth-local-${name}`,
      assetDir,
      handler: 'index.handler',
      environment: {},
      timeoutSeconds: 10,
      memoryMb: 128,
      role: `role-${name}`,
      reservedConcurrency: undefined,
      ...changes,
    };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
