import type { RouteModel } from '../assembly/model.ts';

export type Match = {
  readonly route: RouteModel;
  /** Decoded values of the path's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
};

/** The path has a percent sign that begins no valid escape. */
export class BadPath extends Error {
  override readonly name = 'BadPath';
}

type Segment = { readonly kind: 'exact' | 'parameter' | 'greedy'; readonly text: string };

const segmentOf = (text: string): Segment => {
  const greedy = /^\{(.+)\+\}$/.exec(text)?.[1];
  if (greedy !== undefined) {
    return { kind: 'greedy', text: greedy };
  }
  const parameter = /^\{(.+)\}$/.exec(text)?.[1];
  return parameter === undefined ? { kind: 'exact', text } : { kind: 'parameter', text: parameter };
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BadPath(text);
  }
};

const segments = (path: string): string[] => path.split('/').slice(1);

type Compiled = { readonly route: RouteModel; readonly segments: readonly Segment[] };

const RANK = { exact: 0, parameter: 1, greedy: 2 } as const;

/** The most specific route first: exact, then parameters, then greedy; a named method before ANY. */
const bySpecificity = (a: Compiled, b: Compiled): number => {
  for (let i = 0; i < Math.min(a.segments.length, b.segments.length); i++) {
    const difference = RANK[a.segments[i]?.kind ?? 'exact'] - RANK[b.segments[i]?.kind ?? 'exact'];
    if (difference !== 0) {
      return difference;
    }
  }
  return (
    b.segments.length - a.segments.length ||
    Number(a.route.method === 'ANY') - Number(b.route.method === 'ANY')
  );
};

const matchPath = (
  pattern: readonly Segment[],
  parts: readonly string[],
): Record<string, string> | undefined => {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const part = parts[index];
    if (part === undefined) {
      return undefined;
    }
    if (segment.kind === 'greedy') {
      parameters[segment.text] = decode(parts.slice(index).join('/'));
      return parameters;
    }
    if (segment.kind === 'exact' ? decode(part) !== segment.text : part === '') {
      return undefined;
    }
    if (segment.kind === 'parameter') {
      parameters[segment.text] = decode(part);
    }
  }
  return parts.length === pattern.length ? parameters : undefined;
};

/**
 * Finds the route of a request as an HTTP API does: exact before parameter before greedy before `$default`.
 * The finder throws BadPath for a path that can't be decoded.
 */
export const createRouter = (
  routes: readonly RouteModel[],
): ((method: string, rawPath: string) => Match | undefined) => {
  const fallback = routes.find(({ path }) => path === '$default');
  const compiled = routes
    .filter(({ path }) => path !== '$default')
    .map((route) => ({ route, segments: segments(route.path).map(segmentOf) }))
    .sort(bySpecificity);
  return (method, rawPath) => {
    const parts = segments(rawPath);
    for (const { route, segments: pattern } of compiled) {
      if (route.method === method || route.method === 'ANY') {
        const parameters = matchPath(pattern, parts);
        if (parameters !== undefined) {
          return { route, parameters };
        }
      }
    }
    return fallback === undefined ? undefined : { route: fallback, parameters: {} };
  };
};
