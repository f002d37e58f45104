import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import * as z from 'zod';
import { examples, runs } from '../command.ts';
import { nameInput, phoneNumberInput, userInput } from '../input.ts';
import { followQr } from '../qr/follow.ts';
import { createScreen } from '../qr/screen.ts';

/** `berth qr` and `berth code`: two ways to link an account. */
export const addLinking = (program: Command): void => {
  addQr(program);
  addCode(program);
};

const addQr = (program: Command): void => {
  const command = program
    .command('qr')
    .description("show a session's QR code")
    .argument('[name]', 'the session', 'default')
    .option('--follow', 'show each new code until an account is linked')
    .option('--png <file>', 'write the code to a PNG file instead')
    .option('--invert', 'swap dark and light of the drawn code')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(command, 'shop', 'shop --follow', 'shop --png code.png');
  const input = z
    .object({
      name: nameInput,
      follow: z.boolean().optional(),
      png: z.string().min(1).optional(),
      invert: z.boolean().default(false),
      user: userInput,
    })
    .refine((i) => !(i.follow && i.png), { path: ['png'], error: 'cannot be combined with --follow' });
  runs(command, input, async ({ name, follow, png, invert, user: userId }, context) => {
    if (follow) return followQr(context, { name, userId, invert });
    const { auth } = context.api();
    if (png) {
      // Anyone who reads the code can link the account, so it is shown to the owner only.
      await writeFile(png, await auth.qrPng(name, { userId, waitSeconds: 25 }), { mode: 0o600 });
      return context.out.result({ file: png }, `written to ${png}`);
    }
    const code = await auth.qr(name, { userId, waitSeconds: 25 });
    createScreen(context.out, invert).show(code, `scan with WhatsApp to link ${name}`);
  });
};

const addCode = (program: Command): void => {
  const command = program
    .command('code')
    .description('request a pairing code to type into the phone, instead of a QR code')
    .argument('<name>', 'the session')
    .argument('<phone>', 'the phone number to link, international')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(command, 'shop "+49 170 1234567"');
  const input = z.object({ name: nameInput, phone: phoneNumberInput, user: userInput });
  runs(command, input, async ({ name, phone, user }, context) => {
    const code = await context.api().auth.pairingCode(name, phone, { userId: user });
    context.out.result(code, code.code);
  });
};
