import type { Context } from '../context.ts';

/** How many pages or messages it was about. */
export const showAffected = (context: Context, answer: { affected: number }): void =>
  context.out.result(answer, `${answer.affected} affected`);
