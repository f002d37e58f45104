/** How a connect to `/ws` says whose it is. */
type LiveCredential = { readonly key: string } | { readonly ticket: string };

/**
 * A page can't set a header on a WebSocket, so here, and only here, a key may be in the URL. WAHA reads the name in any
 * case of its letters.
 */
export const liveCredentialOf = (
  headers: Readonly<Record<string, string>>,
  query: Readonly<Record<string, readonly string[]>>,
): LiveCredential | undefined => {
  const header = Object.entries(headers).find(([name]) => isKey(name))?.[1];
  const key =
    header ??
    Object.entries(query)
      .find(([name]) => isKey(name))?.[1]
      .at(-1);
  if (key !== undefined) return { key };
  const ticket = query.ticket?.at(-1);
  return ticket === undefined ? undefined : { ticket };
};

const isKey = (name: string): boolean => name.toLowerCase() === 'x-api-key';
