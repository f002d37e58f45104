import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Words that a reader whose first language is not English stumbles over, and British spellings; each with what to write. */
const AVOIDED: readonly (readonly [RegExp, string])[] = [
  [/\bwhoever\b/i, 'name the party: "the caller", "the operator"'],
  [/\bnobody\b|\bsomebody\b/i, '"no user", "another person", or the passive voice'],
  [/\bwhat (?:became|becomes) of\b/i, '"the result of"'],
  [/\bin vain\b/i, '"without effect"'],
  [/\bno matter of\b|\bis another matter\b/i, 'say what differs'],
  [/\b(?:can't|cannot|could not|can not|may) be had\b/i, '"is not available"'],
  [/\bis armed\b/i, '"is enabled"'],
  [/\bon (?:its|their|the) way (?:again|already)\b/i, '"queued"'],
  [/\bthere is nothing of this name\b|\bof this name\b/i, '"no such …"'],
  [/\bmakes no sense\b/i, '"is invalid"'],
  [/\bof course\b|\bis no matter\b/i, 'say it or leave it out'],
  [/\bwas forgotten\b/i, '"expired" or "was deleted"'],
  [/\bwithout (?:anybody's|anybody)\b|\b(?:everybody|anybody)\b/i, '"all users", "any caller"'],
  [/\b\w*(?:honour|colour|behaviour|favour|neighbour)\w*/i, 'American spelling'],
  [/\b(?:recognis|authoris|initialis|organis|serialis|normalis|synchronis)\w+/i, 'American spelling'],
  [/\bmodelled\b|\bcancelling\b|\blabelled\b/i, 'American spelling'],
];

const problemsIn = (text: string): readonly string[] =>
  AVOIDED.flatMap(([words, instead]) => {
    const found = words.exec(text);
    return found ? [`"${found[0]}" in "${text.trim().slice(0, 120)}": write ${instead}`] : [];
  });

/** The planted faults' names are quoted in a table; records of decisions are history, but new ones are plain. */
const PAGES = globSync(['*.md', 'docs/**/*.md', '.github/**/*.md'], { cwd: ROOT });

test.each(PAGES)('%s is in plain technical English', (page) => {
  const lines = readFileSync(join(ROOT, page), 'utf8')
    .replace(/^```.*?^```/gms, '')
    .split('\n');
  const prose = lines.filter((line) => !(page === 'docs/simulation.md' && /^\| .* \| \d+ \|/.test(line)));
  expect(prose.flatMap(problemsIn)).toEqual([]);
});

/** String literals and texts between tags, without comments. */
const TOKENS =
  /\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/[^\n]*|'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`|>([^<>{}=;]*)</g;
const SHOWN = ['contract', 'client', 'core', 'functions', 'container', 'cli', 'dashboard', 'infra'];

test.each(SHOWN)('texts that %s shows are in plain technical English', (folder) => {
  const problems = globSync(`${folder}/**/*.{ts,tsx}`, { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(TOKENS)]
      .map((token) => token[1] ?? token[2] ?? token[3] ?? token[4] ?? '')
      // One word is a name in code.
      .filter((text) => /\w\s+\w/.test(text))
      .flatMap(problemsIn)
      .map((problem) => `${file}: ${problem}`),
  );
  expect(problems).toEqual([]);
});

/** Comments of every file, and titles of tests. Other texts of tests are data. */
const COMMENTS = /\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/[^\n]*/g;
const TITLES =
  /\b(?:test|it|describe)(?:\.\w+)*(?:\([^'"`]*?\))?\(\s*(?:'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`)/g;
const FOLDERS = [...SHOWN, 'local', 'simulator', 'examples', 'bench', 'scripts', 'test'];

test.each(FOLDERS)('comments and titles of tests in %s are in plain technical English', (folder) => {
  const problems = globSync(`${folder}/**/*.{ts,tsx,mjs}`, { cwd: ROOT })
    .filter((file) => file !== 'test/unit/project/language.test.ts' && !file.startsWith('client/dist/'))
    .flatMap((file) => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      const comments = [...text.matchAll(COMMENTS)].map(([comment]) =>
        comment.replace(/\s*\n\s*\*?\s*/g, ' '),
      );
      const titles = [...text.matchAll(TITLES)].map((title) => title[1] ?? title[2] ?? title[3] ?? '');
      return [...comments, ...titles].flatMap(problemsIn).map((problem) => `${file}: ${problem}`);
    });
  expect(problems).toEqual([]);
});

test('the check finds a phrase to avoid', () => {
  expect(problemsIn('Whoever waits hears what became of it.')).toHaveLength(2);
  expect(problemsIn('The caller gets the result.')).toEqual([]);
});
