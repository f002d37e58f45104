import type { Command } from 'commander';
import * as z from 'zod';
import type { PhoneClient } from '../../contract/phone/client.ts';
import { examples, runs } from '../command.ts';
import type { Context } from '../context.ts';
import { since, span } from '../output.ts';
import { addHappenings } from './phone-happenings.ts';
import { addPhoneMessages } from './phone-messages.ts';
import { addPhonePasskey } from './phone-passkey.ts';
import { addTrouble } from './phone-trouble.ts';

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
  addPhoneMessages(phone);
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
