import * as z from 'zod';

/** The result of commands that say nothing but that it is done. */
export const doneSchema = z.object({});
