import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const INTRODUCTION = `# Decisions

Each record explains one choice that has an obvious alternative: the context, the decision and its consequences. A
record is not rewritten when the decision changes; a later record supersedes it and says so.

A new record is a file \`YYYY-MM-DD-<slug>.md\` with the first line \`# YYYY-MM-DD: <title>\`. Then run
\`npm run docs:index\`, which writes this page.
`;

const FILE = /^(?<date>\d{4}-\d{2}-\d{2})-[a-z0-9-]+\.md$/;
const TITLE = /^# (?:\d{4}-\d{2}-\d{2}: )?(?<title>.+)$/;

/** The index page of docs/decisions, made from the names and titles of the records. Throws when one has another form. */
export const decisionsIndex = (root: string): string => {
  const folder = join(root, 'docs', 'decisions');
  const records = readdirSync(folder)
    .filter((name) => name !== 'README.md')
    .map((name) => {
      const date = FILE.exec(name)?.groups?.date;
      if (date === undefined) throw new Error(`docs/decisions/${name} is not named YYYY-MM-DD-<slug>.md`);
      const [line = ''] = readFileSync(join(folder, name), 'utf8').split('\n');
      const title = TITLE.exec(line)?.groups?.title;
      if (title === undefined) throw new Error(`docs/decisions/${name} must begin with "# ${date}: <title>"`);
      return { name, date, title };
    })
    .toSorted((a, b) => b.date.localeCompare(a.date) || a.title.localeCompare(b.title, 'en'));
  const rows = records.map(({ name, date, title }) => `| ${date} | [${title}](${name}) |`);
  return `${INTRODUCTION}\n| Date | Decision |\n|---|---|\n${rows.join('\n')}\n`;
};
