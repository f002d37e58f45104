import * as z from 'zod';

/** The result of commands that say nothing but that it is done. */
export const doneSchema = z.object({});

/** The same, as WAHA says it of typing. */
export const resultSchema = z.object({ result: z.literal(true) });
