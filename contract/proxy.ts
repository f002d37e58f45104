/** Parses a proxy's address: `host:port` or a URL. */
type ProxyAddress = {
  /** The address without a login, as Chromium's `--proxy-server` takes it. */
  readonly server: string;
  /** Chromium cannot log in to a SOCKS proxy. */
  readonly socks: boolean;
  readonly username?: string;
  readonly password?: string;
};

const ADDRESS =
  /^(?:(?<scheme>https?|socks[45]?):\/\/)?(?:(?<login>[^@/?#]*)@)?(?<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?<port>\d{1,5}))?\/?$/i;

/** Undefined: it is no address of a proxy. */
export const parseProxy = (text: string): ProxyAddress | undefined => {
  const { scheme, login, host, port } = ADDRESS.exec(text)?.groups ?? {};
  if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) return undefined;
  const [, user = '', password] = /^([^:]*)(?::(.*))?$/s.exec(login ?? '') ?? [];
  const server = `${scheme === undefined ? '' : `${scheme.toLowerCase()}://`}${host}${port === undefined ? '' : `:${port}`}`;
  const socks = /^socks/i.test(scheme ?? '');
  if (login === undefined || login === '') return { server, socks };
  try {
    return {
      server,
      socks,
      username: decodeURIComponent(user),
      ...(password === undefined ? {} : { password: decodeURIComponent(password) }),
    };
  } catch {
    // A % that begins no escape.
    return undefined;
  }
};
