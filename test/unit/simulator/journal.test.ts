import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openJournal } from '../../../simulator/journal.ts';

const account = (phoneNumber: string, pushName: string) =>
  ({ kind: 'account', phoneNumber, pushName, lid: `${phoneNumber}9@lid` }) as const;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'berth-journal-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('gives back the latest version of everything written', () => {
  const journal = openJournal(dir);
  for (const record of [account('1', 'Ada'), account('2', 'Ben'), account('1', 'Ada B.')])
    journal.write(record);
  expect(openJournal(dir).records).toEqual([account('1', 'Ada B.'), account('2', 'Ben')]);
});

it('loses only the line that a kill cut short', () => {
  openJournal(dir).write(account('1', 'Ada'));
  appendFileSync(join(dir, 'whatsapp.jsonl'), '{"kind":"account","phoneNu');
  const journal = openJournal(dir);
  expect(journal.records).toEqual([account('1', 'Ada')]);
  journal.write(account('2', 'Ben'));
  expect(openJournal(dir).records).toEqual([account('1', 'Ada'), account('2', 'Ben')]);
});

it('does not grow with what was overwritten once it is opened again', () => {
  const journal = openJournal(dir);
  for (let version = 0; version < 50; version += 1) journal.write(account('1', `Ada ${version}`));
  openJournal(dir);
  expect(readFileSync(join(dir, 'whatsapp.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);
});
