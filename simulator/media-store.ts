import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileContent } from './model/content.ts';

/** WhatsApp's file servers: bytes by a path made of their digest. With a folder they outlive the process. */
export type MediaStore = {
  put(bytes: Buffer): Pick<FileContent, 'size' | 'sha256' | 'directPath'>;
  get(directPath: string): Buffer | undefined;
};

const PREFIX = '/v/t62.7118-24/';

export const openMediaStore = (dir: string | undefined): MediaStore => {
  const folder = dir === undefined ? undefined : join(dir, 'media');
  const kept = new Map<string, Buffer>();
  const fromFolder = (name: string): Buffer | undefined => {
    const file = folder === undefined ? undefined : join(folder, name);
    return file !== undefined && existsSync(file) ? readFileSync(file) : undefined;
  };
  return {
    put(bytes) {
      const digest = createHash('sha256').update(bytes).digest();
      const name = digest.toString('hex');
      if (folder === undefined) kept.set(name, bytes);
      else {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(join(folder, name), bytes, { mode: 0o600 });
      }
      return { size: bytes.length, sha256: digest.toString('base64'), directPath: PREFIX + name };
    },
    get(directPath) {
      const name = directPath.startsWith(PREFIX) ? directPath.slice(PREFIX.length) : '';
      return /^[0-9a-f]{64}$/.test(name) ? (kept.get(name) ?? fromFolder(name)) : undefined;
    },
  };
};
