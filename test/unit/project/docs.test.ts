import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decisionsIndex } from '../../../scripts/decisions.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGES = globSync(['*.md', 'docs/**/*.md', '.github/**/*.md'], { cwd: ROOT }).toSorted();
const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
const withoutCode = (text: string): string => text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');

type Link = { readonly path: string; readonly anchor: string | undefined };

/** Links of a page to files of this repository, with paths from its root. */
const linksOf = (page: string): readonly Link[] =>
  [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)]
    .map(([, markdown, html]) => markdown ?? html ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { path: path === '' ? page : normalize(join(dirname(page), path)), anchor };
    });

/** Anchors as GitHub makes them of headings. */
const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set(
    [
      ...read(page)
        .replace(/^```.*?^```/gms, '')
        .matchAll(/^#{1,6} (.+)$/gm),
    ].map(([, heading = '']) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );

const FOLDERS =
  'bench|cli|client|container|contract|core|dashboard|docs|examples|functions|infra|local|scripts|simulator|test';
const PATH = new RegExp(
  `(?<![\\w./@-])((?:${FOLDERS})/[\\w./-]*?\\.(?:ts|tsx|mjs|cjs|md|json|sh|html|css|yml))(?![\\w])`,
  'g',
);

describe.each(PAGES)('%s', (page) => {
  test('links to files and headings that exist', () => {
    for (const { path, anchor } of linksOf(page)) {
      expect(existsSync(join(ROOT, path)), `link to ${path}`).toBe(true);
      if (anchor !== undefined && path.endsWith('.md'))
        expect([...anchorsOf(path)], `link to ${path}#${anchor}`).toContain(anchor);
    }
  });

  test('names files that exist', () => {
    for (const [, path = ''] of read(page).matchAll(PATH))
      expect(existsSync(join(ROOT, path)) || existsSync(join(ROOT, dirname(page), path)), path).toBe(true);
  });
});

test('the README links to every page of docs', () => {
  const linked = new Set(linksOf('README.md').map(({ path }) => path));
  for (const page of PAGES.filter((each) => /^docs\/[^/]+\.md$/.test(each)))
    expect([...linked]).toContain(page);
  expect([...linked]).toContain('docs/decisions/README.md');
});

test('every screenshot is shown on a page', () => {
  const shown = new Set(PAGES.flatMap((page) => linksOf(page).map(({ path }) => path)));
  for (const picture of globSync('docs/**/*.png', { cwd: ROOT })) expect([...shown]).toContain(picture);
});

test('the index of decisions is up to date (npm run docs:index)', () => {
  expect(read('docs/decisions/README.md')).toBe(decisionsIndex(ROOT));
});
