/**
 * Numbers that WhatsApp knows under another spelling than people write. Brazil gave its mobile numbers a ninth digit,
 * and Mexico had a 1 after its country code: accounts keep the spelling under which they were made.
 *
 *   +55 31 9 8888 7777   an account of before 2012 is 55 31 8888 7777   (area codes from 31 on, if nothing is known)
 *   +52 1 55 1234 5678   is 52 55 1234 5678
 */

/** The number's other spelling; undefined: it has none. Digits only. */
export const otherSpelling = (digits: string): string | undefined => {
  const [, area, nine, rest] = /^55(\d\d)(9?)([6-9]\d{7})$/.exec(digits) ?? [];
  if (area !== undefined && rest !== undefined)
    return nine === '9' ? `55${area}${rest}` : `55${area}9${rest}`;
  const [, one, mexican] = /^52(1?)(\d{10})$/.exec(digits) ?? [];
  if (mexican !== undefined) return one === '1' ? `52${mexican}` : `521${mexican}`;
  return undefined;
};

/**
 * The spelling under which WhatsApp knows the number.
 *
 * @param isAccount whether an account of this simulator has the number
 */
export const registeredSpelling = (digits: string, isAccount: (digits: string) => boolean): string => {
  const other = otherSpelling(digits);
  if (other === undefined || isAccount(digits)) return digits;
  if (isAccount(other)) return other;
  const usual = digits.startsWith('55')
    ? (digits.length === 13) === Number(digits.slice(2, 4)) <= 30
    : digits.length === 12;
  return usual ? digits : other;
};
