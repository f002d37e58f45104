import { plain } from './output.ts';

/** `+491701234567 (Anna)` from a WhatsApp account. */
export const accountText = (account: { id: string; pushName?: string | undefined } | null): string => {
  if (!account) return '-';
  const digits = /^(\d+)(:\d+)?@/.exec(account.id)?.[1];
  const name = account.pushName ? ` (${plain(account.pushName)})` : '';
  return `${digits ? `+${digits}` : account.id}${name}`;
};
