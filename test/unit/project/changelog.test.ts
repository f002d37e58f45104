import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { releaseNotes } from '../../../scripts/changelog.ts';

const LOG = `# Changelog

## [Unreleased]

## [1.1.0] - 2026-12-02

### Added

- Two.

## [1.0.0] - 2026-12-01

- One.

[1.0.0]: https://example.com
`;

test('the notes of a version are its section, without heading and links', () => {
  expect(releaseNotes(LOG, 'v1.1.0', '1.1.0')).toBe('### Added\n\n- Two.');
  expect(releaseNotes(LOG, 'v1.0.0', '1.0.0')).toBe('- One.');
});

test.each([
  ['another version than the package has', 'v1.1.0', '1.0.0', 'the tag is v1.1.0'],
  ['a tag without its v', '1.1.0', '1.1.0', 'the tag is 1.1.0'],
  ['a version without a section', 'v2.0.0', '2.0.0', 'no section "## [2.0.0]'],
  ['an empty section', 'vUnreleased', 'Unreleased', 'is empty'],
])('%s is refused', (_case, tag, version, message) => {
  expect(() => releaseNotes(LOG, tag, version)).toThrow(message);
});

test('the change log has only the sections of keepachangelog.com, newest first', () => {
  const lines = readFileSync(join(import.meta.dirname, '..', '..', '..', 'CHANGELOG.md'), 'utf8').split('\n');
  const versions = lines.filter((line) => line.startsWith('## '));
  expect(versions[0]).toBe('## [Unreleased]');
  for (const line of versions.slice(1)) expect(line).toMatch(/^## \[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/);
  for (const line of lines.filter((each) => each.startsWith('### ')))
    expect(line).toMatch(/^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/);
});
