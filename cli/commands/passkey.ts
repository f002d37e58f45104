import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import * as z from 'zod';
import { type PasskeyAssertionInput, signingScript } from '../../client/index.ts';
import type { SessionView } from '../../contract/bodies/sessions.ts';
import { passkeyAssertionArgs } from '../../contract/whatsapp/passkey.ts';
import { accountText } from '../account.ts';
import { examples, runs } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { nameInput, userInput } from '../input.ts';
import { plain } from '../output.ts';

/** `berth passkey`: what to do if WhatsApp asks for the passkey of the account that is being linked. */
export const addPasskey = (program: Command): void => {
  const command = program
    .command('passkey')
    .description('sign with the passkey of an account that is being linked, when WhatsApp asks for it')
    .argument('[name]', 'the session', 'default')
    .option('--script', 'only print the script to paste into the console of web.whatsapp.com')
    .option('--answer <file>', 'the result of the script, from a file; - reads the standard input')
    .option('--confirm', 'confirm without a question that the phone shows the same code')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(command, 'shop', 'shop --script', 'shop --answer answer.json', 'shop --confirm');
  const input = z
    .object({
      name: nameInput,
      script: z.boolean().default(false),
      answer: z.string().min(1).optional(),
      confirm: z.boolean().default(false),
      user: userInput,
    })
    .refine(({ script, answer }) => !(script && answer), {
      path: ['script'],
      error: 'cannot be combined with --answer',
    });
  runs(command, input, async ({ name, script, answer, confirm: compared, user: userId }, context) => {
    const about: About = { context, name, userId };
    if (script) return showScript(about);
    const given = answer === undefined ? undefined : await answerFrom(answer);
    return follow(about, { given, compared });
  });
};

type About = { readonly context: Context; readonly name: string; readonly userId: string | undefined };

const scriptOf = async ({ context, name, userId }: About) => {
  const challenge = await context.api().auth.passkey.challenge(name, { userId, waitSeconds: 25 });
  return { challenge, script: signingScript(challenge) };
};

const showScript = async (about: About): Promise<void> => {
  const found = await scriptOf(about);
  about.context.out.result(found, found.script);
};

/** From the session's present state to its end: the signature, the code, the account. */
const follow = async (
  about: About,
  { given, compared }: { given: PasskeyAssertionInput | undefined; compared: boolean },
): Promise<void> => {
  const { context, name, userId } = about;
  const { sessions, auth } = context.api();
  let answer = given;
  let session = await sessions.get(name, { userId });
  if (session.status === 'SCAN_QR_CODE' || session.status === 'STARTING') {
    context.out.note(`waiting for WhatsApp to ask for the passkey of ${name} …`);
  }
  for (;;) {
    if (session.status === 'WORKING') return linked(context, session);
    if (session.status === 'STOPPED' || session.status === 'FAILED') throw notAsked(session);
    if (session.status === 'PASSKEY_REQUIRED') {
      if (given && !answer && !process.stdin.isTTY) throw refused(name);
      await auth.passkey.submit(name, answer ?? (await askForAnswer(about)), { userId });
      answer = undefined;
      context.out.note('passed to WhatsApp');
    } else if (session.status === 'PASSKEY_CONFIRMATION_REQUIRED') {
      const code = await auth.passkey.confirmation(name, { userId });
      if (!compared) await compare(context, code);
      await auth.passkey.confirm(name, { userId });
    }
    session = await sessions.waitForChange(name, session.status, 20, { userId });
  }
};

/** Only a person at a terminal can be asked. */
const compare = async ({ out }: Context, code: string): Promise<void> => {
  if (process.stdin.isTTY) return confirm(`Does the phone show the code ${plain(code)}?`);
  out.result({ code }, plain(code));
  throw new CliError(
    EXIT.usage,
    'compare the code with the one on the phone',
    'if they are the same, continue with --confirm',
  );
};

const STEPS = `WhatsApp asks for the passkey of this account. On a computer or phone that has it:
  1. open https://web.whatsapp.com in a browser, and its console (F12, Console)
  2. paste this script, press Enter, and sign:
`;

const askForAnswer = async (about: About): Promise<PasskeyAssertionInput> => {
  const { out } = about.context;
  const { script } = await scriptOf(about);
  if (!process.stdin.isTTY)
    throw new CliError(
      EXIT.usage,
      'the passkey has to be signed with by a person',
      `get the script with --script, and pass its result with --answer`,
    );
  out.note(`${STEPS}\n${script}\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  terminal.once('close', () => closed.abort());
  try {
    return parseAnswer(
      await terminal.question('  3. paste what it printed here: ', { signal: closed.signal }),
    );
  } catch (error) {
    if (closed.signal.aborted) throw new CliError(EXIT.failure, 'nothing was changed');
    throw error;
  } finally {
    terminal.close();
  }
};

const answerFrom = async (file: string): Promise<PasskeyAssertionInput> => {
  try {
    return parseAnswer(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(EXIT.usage, `--answer: ${file} can't be read`);
  }
};

/** Also if a console wrote the text in quotation marks. */
const parseAnswer = (pasted: string): PasskeyAssertionInput => {
  const line = pasted.trim().replace(/^'(.*)'$/s, '$1');
  const parsed = passkeyAssertionArgs.safeParse(json(line));
  if (parsed.success) return parsed.data;
  throw new CliError(
    EXIT.usage,
    'that is not the result of the script',
    'the result is one line of JSON that begins with {"id":',
  );
};

const json = (line: string): unknown => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'string' ? JSON.parse(value) : value;
  } catch {
    return undefined;
  }
};

const refused = (name: string): CliError =>
  new CliError(
    EXIT.failure,
    'WhatsApp did not accept the signature, and asks for another',
    `sign the new challenge: berth passkey ${name} --script`,
  );

const linked = ({ out }: Context, session: SessionView): void =>
  out.result({ linked: true, session }, out.style('green', `linked as ${accountText(session.me)}`));

const notAsked = ({ name, status, detail, stopReason }: SessionView): CliError => {
  const why = detail ?? stopReason;
  return new CliError(
    EXIT.failure,
    `${name} is ${status}${why ? `: ${plain(why)}` : ''}`,
    `start it with: berth sessions start ${name} --qr`,
  );
};
