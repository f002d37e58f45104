import { InvalidArgumentError } from 'commander';

/** Reads an option's value. Throws commander's error, which ends the program with its usage in mind. */
export const wholeNumber = (text: string): number => {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a whole number above 0.');
};
