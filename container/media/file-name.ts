/** The name of a file that a server gives: by its Content-Disposition (RFC 6266), else by the URL. */
import { isUtf8 } from 'node:buffer';
import { parse } from 'content-disposition';
import { cleanFileName } from '../../core/accounts/file-name.ts';

/** `header` as Node gives it; undefined if there is no name in either. */
export const fileNameOf = (header: string | undefined, url: URL): string | undefined =>
  inDisposition(header) ?? inPath(url);

const inDisposition = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  const name = parse(asUtf8(header)).parameters.filename;
  return name === undefined ? undefined : cleanFileName(name);
};

/** Header values are Latin-1 to Node; many servers send UTF-8 in them. */
const asUtf8 = (header: string): string => {
  const bytes = Buffer.from(header, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : header;
};

/** The last part of the path, if it looks like a file's name. */
const inPath = ({ pathname }: URL): string | undefined => {
  try {
    const name = cleanFileName(decodeURIComponent(pathname.split('/').at(-1) ?? ''));
    return name !== undefined && /.\.\w+$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
};
