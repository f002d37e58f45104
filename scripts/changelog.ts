const HEADING = /^## \[(?<version>[^\]]+)\](?: - \d{4}-\d{2}-\d{2})?$/;

/**
 * The text of a version's section in a change log in the form of keepachangelog.com, without its heading.
 * Throws when the tag is not `v` and the package's version, or when the section is missing or empty.
 */
export const releaseNotes = (changelog: string, tag: string, packageVersion: string): string => {
  if (tag !== `v${packageVersion}`)
    throw new Error(`the tag is ${tag}, but package.json has the version ${packageVersion}`);
  const lines = changelog.split('\n');
  const start = lines.findIndex((line) => HEADING.exec(line)?.groups?.version === packageVersion);
  if (start < 0) throw new Error(`CHANGELOG.md has no section "## [${packageVersion}] - YYYY-MM-DD"`);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^(## |\[[^\]]+\]: )/.test(line));
  const notes = (end < 0 ? rest : rest.slice(0, end)).join('\n').trim();
  if (notes === '') throw new Error(`the section ${packageVersion} of CHANGELOG.md is empty`);
  return notes;
};
