import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import * as z from 'zod';
import { faultsSchema, phoneRoutes, socketStates } from '../../contract/phone/api.ts';
import type { PhoneClient } from '../../contract/phone/client.ts';
import { examples, runs } from '../command.ts';
import type { Context } from '../context.ts';
import { durationInput } from '../input.ts';
import { details, since, span } from '../output.ts';
import { addHappenings } from './phone-happenings.ts';
import { addPhonePasskey } from './phone-passkey.ts';

const account = z.string().min(1);
const optionalText = z.string().min(1).optional();

/** `berth phone …`: the phone of the local simulator. */
export const addPhone = (program: Command): void => {
  const phone = program
    .command('phone')
    .description('use the phone of the local WhatsApp simulator')
    .option('--phone-url <url>', 'its address (default: BERTH_PHONE_URL, else .berth/phone-url)');
  addPending(phone);
  addLinks(phone);
  addPhonePasskey(phone);
  addMessages(phone);
  addEnds(phone);
  addTrouble(phone);
  addHappenings(phone);
};

const addPending = (phone: Command): void => {
  const pending = phone.command('pending').description('pages that wait to be linked');
  examples(pending, '');
  runs(pending, z.object({}), async (_, context) =>
    context.out.list(
      (await context.phone().pages()).pages,
      [
        ['PAGE', (page) => page.id],
        ['SHOWS', (page) => page.shows],
        ['RENEWED', (page) => String(page.refreshes)],
        ['SINCE', (page) => span(context.now() - page.since)],
      ],
      'no page waits to be linked',
    ),
  );
  const accounts = phone.command('accounts').description('accounts and their linked devices');
  examples(accounts, '');
  runs(accounts, z.object({}), async (_, context) => {
    const now = context.now();
    await context.out.list(
      (await context.phone().accounts()).accounts,
      [
        ['NUMBER', (a) => `+${a.phoneNumber}`],
        ['ID', (a) => a.id],
        [
          'DEVICES',
          (a) =>
            a.devices
              .map(
                (d) =>
                  `${d.id} ${d.connected ? 'online' : 'offline'} ${since(new Date(d.linkedAt).toISOString(), now)}`,
              )
              .join(', ') || '-',
        ],
        ['NAME', (a) => a.pushName],
      ],
      'no accounts',
    );
  });
};

const accountOption = (command: Command): Command =>
  command
    .option('--account <phone>', 'the phone that links; one made up without it')
    .option('--name <name>', "the account's name");
const accountShape = { account: optionalText, name: optionalText };
const accountOf = ({ account, name }: { account?: string | undefined; name?: string | undefined }) =>
  account || name
    ? { account: { ...(account ? { phoneNumber: account } : {}), ...(name ? { pushName: name } : {}) } }
    : {};

const addLinks = (phone: Command): void => {
  const scan = accountOption(
    phone
      .command('scan')
      .description('scan the QR code of a session, or of the page that waits')
      .argument('[session]', 'the session whose code is scanned')
      .option('--page <id>', 'the page, if several wait')
      .option('--code <code>', 'what the QR code says, as a camera reads it'),
  );
  examples(scan, '', 'demo', 'demo --account "+1 555 000 1111" --name Anna');
  const scanInput = z.object({
    ...accountShape,
    session: optionalText,
    page: optionalText,
    code: optionalText,
  });
  runs(scan, scanInput, async (given, context) => {
    const code = given.session ? await context.api().auth.qr(given.session, { waitSeconds: 25 }) : given.code;
    showLinked(
      context,
      await context.phone().scan({
        ...accountOf(given),
        ...(given.page ? { page: given.page } : {}),
        ...(code ? { code } : {}),
      }),
    );
  });

  const code = accountOption(
    phone
      .command('code')
      .description('type a pairing code into the phone')
      .argument('<code>', 'the eight letters'),
  );
  examples(code, 'ABCD-EFGH --account 15550001111');
  runs(code, z.object({ ...accountShape, code: z.string().min(1) }), async (given, context) =>
    showLinked(context, await context.phone().enterPairingCode({ ...accountOf(given), code: given.code })),
  );

  const refresh = phone
    .command('refresh')
    .description('renew the QR code now')
    .option('--page <id>', 'the page');
  examples(refresh, '');
  runs(refresh, z.object({ page: optionalText }), async ({ page }, context) =>
    context.out.result(await context.phone().refreshCode(page ? { page } : {}), 'renewed'),
  );
};

const showLinked = (context: Context, linked: Awaited<ReturnType<PhoneClient['scan']>>): void =>
  context.out.result(
    linked,
    linked.deviceId === undefined
      ? `+${linked.account.phoneNumber} (${linked.account.pushName}) asks for its passkey: berth phone passkey sign <session>`
      : `linked +${linked.account.phoneNumber} (${linked.account.pushName}), device ${linked.deviceId}`,
  );

const addMessages = (phone: Command): void => {
  const send = phone
    .command('send')
    .description('a contact writes to the account')
    .argument('<account>', 'the linked phone number')
    .argument('<from>', 'who writes')
    .argument('<text>', 'with a file its caption')
    .option('--file <path>', 'a file, with --type')
    .option('--type <mimetype>', "the file's type, such as image/png")
    .option('--name <name>', "the contact's name")
    .option('--chat <id>', 'in this group, channel or status@broadcast instead of a private chat')
    .option('--view-once', 'it may be seen once: linked devices get nothing of what it holds')
    .option('--waiting', 'its content does not come yet; berth phone resolve brings it')
    .option('--reply-to <id>', 'the message that it answers');
  examples(
    send,
    '15550001111 15550002222 "Hello"',
    '15550001111 15550002222 "my receipt" --file receipt.png --type image/png',
  );
  const sendInput = z.object({
    account,
    from: z.string().min(1),
    text: z.string(),
    file: optionalText,
    type: optionalText,
    name: optionalText,
    chat: optionalText,
    viewOnce: z.boolean().optional(),
    waiting: z.boolean().optional(),
    replyTo: optionalText,
  });
  runs(send, sendInput, async ({ file: path, type, ...given }, context) => {
    const file =
      path === undefined
        ? undefined
        : {
            data: (await readFile(path)).toString('base64'),
            mimetype: type ?? 'application/octet-stream',
            filename: basename(path),
          };
    const answer = await context.phone().send({ ...given, ...(file && { file }) });
    context.out.result(answer, `sent ${answer.message.id}`);
  });

  const ack = phone
    .command('ack')
    .description('the other side receives, reads or plays what the account sent')
    .argument('<account>')
    .argument('<how>', 'delivered, read or played')
    .option('--message <id>', 'this one only');
  examples(ack, '15550001111 read');
  const ackInput = z.object({ account, how: phoneRoutes.ack.request.shape.ack, message: optionalText });
  runs(ack, ackInput, async ({ how, ...given }, context) =>
    showAffected(context, await context.phone().ack({ ...given, ack: how })),
  );

  const inbox = phone
    .command('inbox')
    .description('what went through the account, oldest first')
    .argument('<account>')
    .option('--chat <id>', 'this chat only')
    .option('--sent', 'only what the session sent')
    .option('--limit <n>', 'at most so many');
  examples(inbox, '15550001111', '15550001111 --sent --json');
  const inboxInput = z.object({
    account,
    chat: optionalText,
    sent: z.boolean().optional(),
    limit: z.coerce.number().int().min(1).max(10_000).optional(),
  });
  runs(inbox, inboxInput, async (given, context) =>
    context.out.list(
      (await context.phone().inbox({ ...given })).messages,
      [
        ['TIME', (m) => new Date(m.timestamp * 1000).toISOString()],
        ['CHAT', (m) => m.chatId],
        ['FROM', (m) => (m.fromMe ? 'session' : m.author)],
        ['ACK', (m) => String(m.ack)],
        ['TYPE', (m) => m.type],
        ['TEXT', (m) => m.body],
      ],
      'no messages',
    ),
  );

  addAnswers(phone);

  const group = phone
    .command('group')
    .description('make a group')
    .argument('<account>')
    .argument('<subject>')
    .argument('[participants...]', 'phone numbers');
  examples(group, '15550001111 Friends 15550002222 15550003333');
  const groupInput = z.object({ account, subject: z.string().min(1), participants: z.array(z.string()) });
  runs(group, groupInput, async (given, context) => {
    const made = await context.phone().createGroup(given);
    context.out.result(made, made.chatId);
  });
};

/** The other side's actions on messages, except writing them. */
const addAnswers = (phone: Command): void => {
  const react = phone
    .command('react')
    .description('a contact reacts to a message; without an emoji it takes the reaction back')
    .argument('<account>')
    .argument('<from>', 'who reacts')
    .argument('<message>', "the message's id as inbox shows it")
    .argument('[emoji]');
  examples(react, '15550001111 15550002222 3EB0A1B2C3D4E5F6A7B8C9 👍');
  const about = { account, from: z.string().min(1), message: z.string().min(1) };
  runs(react, z.object({ ...about, emoji: z.string().default('') }), async ({ emoji, ...given }, context) =>
    context.out.result(await context.phone().react({ ...given, text: emoji }), 'done'),
  );

  const vote = phone
    .command('vote')
    .description('a contact votes in a poll')
    .argument('<account>')
    .argument('<from>', 'who votes')
    .argument('<message>', "the poll's id as inbox shows it")
    .argument('[options...]', 'the options chosen; none takes the vote back');
  examples(vote, '15550001111 15550002222 3EB0A1B2C3D4E5F6A7B8C9 Monday');
  runs(vote, z.object({ ...about, options: z.array(z.string()) }), async (given, context) =>
    context.out.result(await context.phone().vote(given), 'done'),
  );

  const revoke = phone
    .command('revoke-message')
    .description('the author of a message deletes it for everyone')
    .argument('<account>')
    .argument('<message>');
  examples(revoke, '15550001111 3EB0A1B2C3D4E5F6A7B8C9');
  runs(revoke, z.object({ account, message: z.string().min(1) }), async (given, context) =>
    context.out.result(await context.phone().revoke(given), 'done'),
  );

  const call = phone
    .command('call')
    .description('a contact calls')
    .argument('<account>')
    .argument('<from>')
    .option('--video', 'with pictures');
  examples(call, '15550001111 15550002222');
  const callInput = z.object({ account, from: z.string().min(1), video: z.boolean().default(false) });
  runs(call, callInput, async (given, context) => {
    const answer = await context.phone().call(given);
    context.out.result(answer, `call ${answer.callId}`);
  });
};

const addEnds = (phone: Command): void => {
  const ends = [
    ['logout', 'remove the linked device on the phone; a connected session is notified at once', false],
    ['revoke', 'remove the linked device without notice; the session learns it at its next connect', true],
  ] as const;
  for (const [name, description, quiet] of ends) {
    const command = phone
      .command(name)
      .description(description)
      .argument('<target>', "the account's phone number, or a device's id");
    examples(command, '15550001111');
    runs(command, z.object({ target: account }), async ({ target }, context) =>
      showAffected(context, await context.phone().logout({ target, quiet })),
    );
  }
};

const addTrouble = (phone: Command): void => {
  const state = phone
    .command('state')
    .description("put connected pages into a state of WhatsApp Web's socket")
    .argument('<target>')
    .argument('<state>', socketStates.join(', '));
  examples(state, '15550001111 CONFLICT');
  runs(state, z.object({ target: account, state: z.enum(socketStates) }), async (given, context) =>
    showAffected(context, await context.phone().state(given)),
  );

  const network = phone
    .command('network')
    .description('the network between pages and WhatsApp')
    .argument('<mode>', 'online, slow or offline')
    .option('--target <target>', 'an account, device or page (default: all)')
    .option('--delay <duration>', 'for slow, each way');
  examples(network, 'offline', 'slow --delay 5s --target 15550001111');
  const networkInput = z.object({
    mode: phoneRoutes.network.request.shape.mode,
    target: optionalText,
    delay: durationInput.optional(),
  });
  runs(network, networkInput, async ({ mode, target, delay }, context) =>
    context.out.result(
      await context.phone().network({
        mode,
        ...(target ? { target } : {}),
        ...(delay === undefined ? {} : { delayMs: delay * 1000 }),
      }),
      `the network is ${mode}`,
    ),
  );

  const disturb = phone
    .command('disturb')
    .description('make connected pages reload themselves, or freeze for ever')
    .argument('<target>')
    .argument('<how>', 'reload or freeze');
  examples(disturb, '15550001111 freeze');
  const disturbInput = z.object({ target: account, how: phoneRoutes.disturb.request.shape.how });
  runs(disturb, disturbInput, async (given, context) =>
    showAffected(context, await context.phone().disturb(given)),
  );

  const faults = phone
    .command('faults')
    .description('switches that make the simulated WhatsApp misbehave; shows them without arguments')
    .argument('[switches...]', 'name=true, name=false, name=number or name=word');
  examples(faults, '', 'refuseSend=true', 'reloadOnConnect=2', 'linkPreviews=silent');
  runs(faults, z.object({ switches: switchesInput }), async ({ switches }, context) => {
    const now = Object.keys(switches).length
      ? await context.phone().setFaults(switches)
      : await context.phone().faults();
    context.out.result(
      now,
      details(Object.entries(now).map(([name, value]) => [name, String(value)] as const)),
    );
  });
};

const switchesInput = z
  .array(z.string().regex(/^\w+=\w*$/, 'must be like refuseSend=true'))
  .transform(
    (pairs): Record<string, unknown> =>
      Object.fromEntries(
        pairs.map((pair) => {
          const [name = '', value = ''] = pair.split('=');
          return [name, /^(true|false|\d+)$/.test(value) ? JSON.parse(value) : value];
        }),
      ),
  )
  .pipe(faultsSchema.partial().strict());

const showAffected = (context: Context, answer: { affected: number }): void =>
  context.out.result(answer, `${answer.affected} affected`);
