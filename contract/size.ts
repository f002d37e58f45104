/** Size of a session's task: how much CPU and memory it has. The environment defines each size. */
import * as z from 'zod';

export const sizeSchema = z.enum(['small', 'standard', 'large']);
export type Size = z.infer<typeof sizeSchema>;
