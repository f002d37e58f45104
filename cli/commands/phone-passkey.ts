import type { Command } from 'commander';
import * as z from 'zod';
import { examples, runs } from '../command.ts';
import { nameInput, userInput } from '../input.ts';

const account = z.string().min(1);

/** `berth phone passkey …`: accounts of the simulator that have a passkey. */
export const addPhonePasskey = (phone: Command): void => {
  const passkey = phone.command('passkey').description('have linking ask for the passkey of an account');

  const on = passkey
    .command('on')
    .description('linking this account asks for its passkey')
    .argument('<account>', 'the phone number')
    .option('--confirm', 'and for a code to be compared');
  examples(on, '15550001111', '15550001111 --confirm');
  const onInput = z.object({ account, confirm: z.boolean().default(false) });
  runs(on, onInput, async (given, context) => {
    const made = await context.phone().setPasskey({ ...given, required: true });
    context.out.result(made, `linking +${made.account.phoneNumber} asks for its passkey`);
  });

  const off = passkey
    .command('off')
    .description('linking this account asks for nothing more')
    .argument('<account>', 'the phone number');
  examples(off, '15550001111');
  runs(off, z.object({ account }), async (given, context) => {
    const made = await context.phone().setPasskey({ ...given, required: false });
    context.out.result(made, `linking +${made.account.phoneNumber} asks for no passkey`);
  });

  const sign = passkey
    .command('sign')
    .description('sign the passkey challenge of a session, as the person in the browser does, and answer it')
    .argument('<session>', 'the session that is PASSKEY_REQUIRED')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(sign, 'shop');
  runs(sign, z.object({ session: nameInput, user: userInput }), async ({ session, user }, context) => {
    const { passkey: asked } = context.api().auth;
    const { challenge } = await asked.challenge(session, { userId: user, waitSeconds: 25 });
    await asked.submit(session, await context.phone().signPasskey({ challenge }), { userId: user });
    context.out.result({ signed: true }, 'signed');
  });

  const code = passkey
    .command('code')
    .description('the code that the phone shows, to be compared')
    .argument('<account>', 'the phone number');
  examples(code, '15550001111');
  runs(code, z.object({ account }), async (given, context) => {
    const { codes } = await context.phone().passkeyCodes(given);
    context.out.result({ codes }, codes.join('\n') || 'no code is shown');
  });
};
