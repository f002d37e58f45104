/**
 * Whether a request asks for JSON although a file is the usual response: `application/json` is the only type that it
 * accepts, or it prefers that to every other. `application/json, text/plain` and anything, which axios sends, prefers
 * none.
 */
export const prefersJson = (accept: string): boolean => {
  const types = accept
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '')
    .map((one) => ({
      type: one.split(';')[0]?.trim(),
      quality: Number(/;\s*q=([\d.]+)/.exec(one)?.[1] ?? 1),
    }));
  const json = types.find(({ type }) => type === 'application/json');
  return json !== undefined && types.every((one) => one === json || one.quality < json.quality);
};
