/**
 * `node container/unpack-browser.ts DIR`: puts the browser of the npm package into DIR, for the image's build. On a
 * platform that the package has no browser for, DIR stays empty and the image's build installs Debian's.
 */
import { mkdir } from 'node:fs/promises';
import { hasPackagedBrowser, unpackBrowserInto } from './browser/packaged.ts';

const [dir] = process.argv.slice(2);
if (dir === undefined) {
  process.stderr.write('usage: node container/unpack-browser.ts DIR\n');
  process.exit(2);
}
if (hasPackagedBrowser()) {
  const { executable } = await unpackBrowserInto(dir);
  process.stdout.write(`${executable}\n`);
} else {
  await mkdir(dir, { recursive: true });
  process.stdout.write(`no browser from npm for ${process.platform} ${process.arch}\n`);
}
