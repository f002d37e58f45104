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
  [/\bwhere (?:none|nothing|no|there (?:is|are|was|were) (?:none|no|one))\b/i, '"if no …"'],
  // A place has its own noun before "where"; all else is a condition.
  [
    /(?<!\b(?:and|as|by|from|in|know|knows|of|or|place|places|says|say|said|see|shows?|that|to|what|who) )(?<=[\w`)][,]? )where (?:a|an|another|hosts?|it|its|one|others?|that|the|they|this|WhatsApp)\b/i,
    '"if", "in which"',
  ],
  [
    /(?:^|[.:] )where (?:it|they|there|that|this|one|an?|the|its) \w+ (?:is|was|are|were|does|did|has|had|can|may)\b/i,
    '"if"',
  ],
  [/(?<![\w/-])told\b(?!-)|\btells\b/i, '"reports", "shows", "notifies", "distinguishes"'],
  [/\btell(?:ing)? (?:of|apart|from)\b/i, '"reports", "distinguishes"'],
  [/\bfor good\b/i, '"permanently"'],
  [/\bleft alone\b/i, '"is paused", "is not changed"'],
  [/\b(?:hears?|heard|hearing)\b/i, '"receives", "notices"'],
  [/\b(?:go|goes|went|going) on\b/i, '"continues"'],
  [/\bwhat(?:so)?ever\b/i, '"any", "every", "in each case"'],
  [/\banew\b/i, '"again"'],
  [
    /\bof (?:its|their|one's|our|my) own(?=[^\w\s]|$| (?:and|as|beside|but|by|for|in|is|on|or|so|that|to|under|which|while|with)\b)/i,
    '"its own …", "a separate …"',
  ],
  [/\b(?:is|are|was|were) over(?= (?:and|before|once|when|for)\b|[^\w\s]|$)/i, '"has ended", "has expired"'],
  [/\bthe likes?\b(?=[.,;:)]|$| of\b)/i, '"similar …"'],
  [/\bstands? for\b/i, '"represents", "belongs to", "replaces"'],
  [/\b(?:comes?|came) late\b/i, '"arrives late", "is late"'],
  [/\b(?:there|where)(?:of|upon|with)\b|\bhereby\b/i, 'name the thing'],
  [/\b\w*(?:honour|colour|behaviour|favour|neighbour)\w*/i, 'American spelling'],
  [/\b(?:recognis|authoris|initialis|organis|serialis|normalis|synchronis)\w+/i, 'American spelling'],
  [/\bmodelled\b|\bcancelling\b|\blabelled\b/i, 'American spelling'],
];

const problemsIn = (text: string): readonly string[] =>
  AVOIDED.flatMap(([words, instead]) => {
    // Names in code are no words.
    const found = words.exec(text.replaceAll(/`[^`\n]*`/g, '``'));
    return found ? [`"${found[0]}" in "${text.trim().slice(0, 120)}": write ${instead}`] : [];
  });

/** Second words for things that have a term in the glossary, with the term. */
const SECOND_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\borphan\w*/i, '"task without a session"'],
  [/\bsaved profile\b/i, '"saved account" or "auth state"'],
  [/\bslot[- ]holders?\b|\bholders of slots\b/i, '"slot"'],
  [/\bhot (?:spare|standby)\b|\bwarm (?:task|pool|spare)s?\b/i, '"standby task"'],
];

/** Names in code, headings that name an alarm, and links to them stay. */
const secondWordsIn = (text: string): readonly string[] => {
  const prose = text.replaceAll(/`[^`\n]*`|^#+ .*$|\]\([^)]*\)/gm, '');
  return SECOND_WORDS.flatMap(([word, term]) => {
    const found = word.exec(prose);
    return found ? [`"${found[0]}": write ${term}`] : [];
  });
};

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
      .flatMap((text) => [...problemsIn(text), ...secondWordsIn(text)])
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
      return [...comments, ...titles]
        .flatMap((one) => [...problemsIn(one), ...secondWordsIn(one)])
        .map((problem) => `${file}: ${problem}`);
    });
  expect(problems).toEqual([]);
});

test('the check finds a phrase to avoid', () => {
  expect(problemsIn('Whoever waits hears what became of it.')).toHaveLength(3);
  expect(problemsIn('Undefined where it is not there; the caller is told so.')).toHaveLength(2);
  expect(problemsIn('The task, where hosts are full, waits.')).toHaveLength(1);
  expect(problemsIn('The folder in which it runs, or where the file is.')).toEqual([]);
  expect(problemsIn('The caller gets the result.')).toEqual([]);
});

test('the glossary has at most 25 terms, each once', () => {
  const [, glossary = ''] =
    /^## Glossary\n([\s\S]*?)^## /m.exec(readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8')) ?? [];
  const terms = [...glossary.matchAll(/^\| ([a-z ]+?) \|/gm)].map(([, term]) => term);
  expect(terms).toContain('session');
  expect(terms.length).toBeLessThanOrEqual(25);
  expect(new Set(terms).size).toBe(terms.length);
});

test('pages use one word for each term of the glossary', () => {
  const problems = PAGES.flatMap((page) =>
    secondWordsIn(readFileSync(join(ROOT, page), 'utf8')).map((problem) => `${page}: ${problem}`),
  );
  expect(problems).toEqual([]);
});
