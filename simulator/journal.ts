import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordKey, type WorldRecord, worldRecord } from './model/records.ts';

/** Keeps records in an append-only file, one JSON a line, so that a SIGKILL at any point loses nothing written. */
type Journal = { readonly records: WorldRecord[]; write(record: WorldRecord): void };

/** Opens (or makes) the journal in `dir`; without a folder nothing outlives the process. */
export const openJournal = (dir: string | undefined): Journal => {
  if (dir === undefined) return { records: [], write: () => {} };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'whatsapp.jsonl');
  const records = existsSync(file) ? latest(readFileSync(file, 'utf8')) : [];
  // Start from a compact file; the rename keeps the old one whole until the new one is.
  writeFileSync(`${file}.new`, records.map(line).join(''), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return { records, write: (record) => appendFileSync(file, line(record)) };
};

const line = (record: WorldRecord): string => `${JSON.stringify(record)}\n`;

const latest = (text: string): WorldRecord[] => {
  const byKey = new Map<string, WorldRecord>();
  for (const entry of text.split('\n')) {
    const record = parse(entry);
    if (record) byKey.set(recordKey(record), record);
  }
  return [...byKey.values()];
};

/** A line that a kill cut short, or that an older version wrote, is skipped. */
const parse = (entry: string): WorldRecord | undefined => {
  try {
    return worldRecord.safeParse(JSON.parse(entry)).data;
  } catch {
    return undefined;
  }
};
