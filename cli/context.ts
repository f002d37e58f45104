import * as z from 'zod';
import { type Client, type ClientOptions, clientTransport, createClient } from '../client/index.ts';
import type { Transport } from '../client/transport.ts';
import { type PhoneClient, phoneClient } from '../contract/phone/client.ts';
import { readAdminKey, readPhoneUrl } from './berth-folder.ts';
import { CliError, EXIT } from './exit.ts';
import { createOutput, type Output } from './output.ts';

export const DEFAULT_URL = 'http://localhost:3000';

/** The dependencies of a command. */
export type Context = {
  readonly out: Output;
  readonly now: () => number;
  /** The API's address. */
  readonly url: string;
  /** The API, with a key. Throws if there is none. */
  readonly api: () => Client;
  /** The same for requests that a command makes from the table of operations. */
  readonly transport: () => Transport;
  /** The API, with a key if there is one. */
  readonly apiWithoutKey: () => Client;
  /** The phone of the local simulator. */
  readonly phone: () => PhoneClient;
};

const globalsSchema = z.object({
  url: z.string().optional(),
  key: z.string().optional(),
  json: z.boolean().default(false),
  phoneUrl: z.string().optional(),
});

/** From the options given, the environment and the nearest `.berth` folder, in that order. */
export const createContext = (
  options: unknown,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Context => {
  const given = globalsSchema.parse(options);
  const url = given.url || env.BERTH_URL || DEFAULT_URL;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliError(EXIT.usage, '--url must be an http or https address', `such as ${DEFAULT_URL}`);

  const keyOf = (): string | undefined => {
    const named = given.key || env.BERTH_API_KEY;
    // The folder's key belongs to the system on this machine: it is never sent to another.
    return named || (isLoopback(new URL(url)) ? readAdminKey(cwd) : undefined);
  };
  const neededKey = (): string => {
    const key = keyOf();
    if (!key)
      throw new CliError(
        EXIT.denied,
        'no API key',
        'set BERTH_API_KEY, or run this in the folder in which the local system keeps .berth/admin-key',
      );
    return key;
  };
  const connect = <T>(create: (options: ClientOptions) => T, apiKey: string | undefined): T => {
    try {
      return create({ baseUrl: url, apiKey, retries: 2 });
    } catch (error) {
      throw new CliError(EXIT.usage, error instanceof Error ? error.message : 'bad connection options');
    }
  };

  return {
    out: createOutput(given.json),
    now: Date.now,
    url,
    api: () => connect(createClient, neededKey()),
    transport: () => connect(clientTransport, neededKey()),
    apiWithoutKey: () => connect(createClient, keyOf()),
    phone: () => {
      const phoneUrl = given.phoneUrl || env.BERTH_PHONE_URL || readPhoneUrl(cwd);
      if (!phoneUrl || !URL.canParse(phoneUrl))
        throw new CliError(
          EXIT.unavailable,
          phoneUrl ? 'the address of the simulated phone is no URL' : 'no simulated phone is known here',
          'run this in the folder in which `npm start -- --simulate` keeps its .berth folder, or set BERTH_PHONE_URL',
        );
      return phoneClient(phoneUrl);
    },
  };
};

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
