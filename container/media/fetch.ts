/**
 * A file that a caller names by its URL, fetched for them: from the public Internet and from nowhere else (a task sits
 * in a network with other tasks and a metadata service), up to a size, within a time.
 */
import { lookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import {
  addressIn,
  allowsLoopback,
  isPublicAddress,
  publicLookup,
} from '../../core/access/public-address.ts';
import { CommandFailed } from '../commands/failure.ts';
import { fileNameOf } from './file-name.ts';

export type MediaLimits = {
  readonly maxBytes: number;
  /** A local system's own addresses; never in a deployed one. */
  readonly allowLoopback: boolean;
  /** Loopback ports that may not be called although loopback is allowed. */
  readonly refusedPorts: readonly number[];
};

type FetchedFile = {
  readonly bytes: Buffer;
  /** As the server says; undefined: it says none. */
  readonly mimetype: string | undefined;
  /** By the server's Content-Disposition, else by the path; without a path and without control characters. */
  readonly filename: string | undefined;
};

const MAX_REDIRECTS = 3;

class Forbidden extends Error {
  override readonly name = 'Forbidden';
}

/**
 * Fetches it within `timeoutMs`. Each redirect's target is judged again.
 *
 * Throws CommandFailed: `bad_arguments` for an address that may not be called, `too_large`, and `refused` if the
 * server does not give the file. Nothing was sent then.
 */
export const fetchFile = async (
  url: string,
  { maxBytes, ...rules }: MediaLimits,
  timeoutMs: number,
): Promise<FetchedFile> => {
  const signal = AbortSignal.timeout(timeoutMs);
  let target = new URL(url);
  try {
    for (let redirects = 0; ; redirects += 1) {
      const response = await open(target, allowsLoopback(target, rules), signal);
      const { statusCode: status = 0, headers } = response;
      if (status >= 300 && status < 400 && headers.location !== undefined) {
        response.destroy();
        if (redirects === MAX_REDIRECTS) throw refused(`redirects more than ${MAX_REDIRECTS} times`);
        target = redirectedTo(headers.location, target);
        continue;
      }
      if (status !== 200) {
        response.destroy();
        throw refused(`answers ${status}`);
      }
      return {
        bytes: await read(response, maxBytes),
        mimetype: headers['content-type'],
        filename: fileNameOf(headers['content-disposition'], target),
      };
    }
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    if (error instanceof Forbidden) throw new CommandFailed('bad_arguments', error.message);
    if (signal.aborted) throw refused(`took longer than ${Math.round(timeoutMs / 1000)} s`);
    throw refused('cannot be reached');
  }
};

export const tooLarge = (maxBytes: number): CommandFailed =>
  new CommandFailed('too_large', `The file is larger than ${maxBytes / 1024 / 1024} MiB; nothing was sent.`);

export const emptyFile = (): CommandFailed =>
  new CommandFailed(
    'refused',
    'The file is empty (0 bytes): WhatsApp takes no empty files. Nothing was sent.',
  );

const refused = (why: string): CommandFailed =>
  new CommandFailed('refused', `The server of the file's URL ${why}; nothing was sent.`);

const forbidden = () => new Forbidden('The URL of the file leads to an address that may not be called.');

const open = (target: URL, allowLoopback: boolean, signal: AbortSignal): Promise<IncomingMessage> => {
  const address = addressIn(target);
  if (address !== undefined && !isPublicAddress(address, allowLoopback)) return Promise.reject(forbidden());
  const options = {
    headers: { accept: '*/*', 'user-agent': 'Berth' },
    lookup: publicLookup(lookup, allowLoopback, forbidden),
    signal,
    // A connection kept from an earlier call was looked up by that call.
    agent: false,
  } satisfies RequestOptions;
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    send(target, options).on('response', resolve).on('error', reject).end();
  });
};

const redirectedTo = (location: string, from: URL): URL => {
  const target = URL.parse(location, from.href);
  if (!target || !/^https?:$/.test(target.protocol)) throw refused('redirects to what is no web address');
  return target;
};

const read = async (response: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) {
    response.destroy();
    throw tooLarge(maxBytes);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
