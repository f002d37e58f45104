import * as z from 'zod';
import type {
  countSchema,
  findLidByNumberArgs,
  findNumberByLidArgs,
  getLidsArgs,
  LidToPhoneNumber,
} from '../../contract/whatsapp/lids.ts';
import { ask, pageOf } from './ask.ts';
import type { CommandContext } from './context.ts';

const knownSchema = z.array(z.object({ lid: z.string(), pn: z.string().nullable() }));
const foundSchema = z.array(z.object({ lid: z.string().optional(), pn: z.string().optional() }));

/** The page's entries, by hidden id: paging needs an order that stays. */
const knownLids = async (context: CommandContext): Promise<LidToPhoneNumber[]> => {
  const known = knownSchema.parse(
    await ask(context, 'reading the hidden ids', (account) => account.knownLids()),
  );
  return known.sort((a, b) => (a.lid < b.lid ? -1 : 1));
};

export const getLids = async (
  context: CommandContext,
  page: z.output<typeof getLidsArgs>,
): Promise<LidToPhoneNumber[]> => pageOf(await knownLids(context), page);

export const countLids = async (context: CommandContext): Promise<z.infer<typeof countSchema>> => ({
  count: (await knownLids(context)).length,
});

/** Asks the page, which asks WhatsApp if it does not know. */
const lookUp = async (context: CommandContext, id: string) => {
  const [found] = foundSchema.parse(
    await ask(context, 'looking the id up', (account) => account.lidAndNumber(id)),
  );
  return found;
};

export const findNumberByLid = async (
  context: CommandContext,
  { lid }: z.output<typeof findNumberByLidArgs>,
): Promise<LidToPhoneNumber> => ({ lid, pn: (await lookUp(context, lid))?.pn ?? null });

export const findLidByNumber = async (
  context: CommandContext,
  { phoneNumber: pn }: z.output<typeof findLidByNumberArgs>,
): Promise<LidToPhoneNumber> => ({ lid: (await lookUp(context, pn))?.lid ?? null, pn });
