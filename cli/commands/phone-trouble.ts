/** `berth phone …`: links that end, networks that fail, pages that misbehave. */
import type { Command } from 'commander';
import * as z from 'zod';
import { phoneRoutes } from '../../contract/phone/api.ts';
import { faultsSchema, socketStates } from '../../contract/phone/behavior.ts';
import { examples, runs } from '../command.ts';
import { durationInput } from '../input.ts';
import { details } from '../output.ts';
import { showAffected } from './phone-affected.ts';

const account = z.string().min(1);
const optionalText = z.string().min(1).optional();

export const addTrouble = (phone: Command): void => {
  addEnds(phone);
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
