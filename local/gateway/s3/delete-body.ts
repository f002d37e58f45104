/** The body of DeleteObjects. */

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescaped = (text: string): string =>
  text.replace(/&(?:(\w+)|#x([0-9a-f]+)|#(\d+));/gi, (whole, name, hex, decimal) =>
    name !== undefined
      ? (ENTITIES[name] ?? whole)
      : String.fromCodePoint(hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal)),
  );

export type NamedObject = { readonly key: string; readonly versionId: string | undefined };

/** The objects that it names, in its order. */
export const objectsToDelete = (body: string): NamedObject[] =>
  [...body.matchAll(/<Object>(.*?)<\/Object>/gs)].map(([, object = '']) => {
    const [, key = ''] = /<Key>([^<]*)<\/Key>/.exec(object) ?? [];
    const [, versionId] = /<VersionId>([^<]*)<\/VersionId>/.exec(object) ?? [];
    return { key: unescaped(key), versionId: versionId === undefined ? undefined : unescaped(versionId) };
  });
