/** The text of client/methods.ts: the methods of the typed client that follow from the table of operations. */
import { positionalOf } from '../client/derived.ts';
import type { Operation } from '../contract/operation.ts';

const WIDTH = 110;

type Group = { readonly methods: [string, string, Operation][]; readonly groups: Map<string, Group> };

/**
 * @param operations by id
 */
export const clientMethods = (operations: Readonly<Record<string, Operation>>): string => {
  const root: Group = { methods: [], groups: new Map() };
  for (const [id, operation] of Object.entries(operations)) {
    const names = operation.client?.split('.') ?? [];
    const method = names.pop();
    if (method === undefined) continue;
    let group = root;
    for (const name of names) {
      const next: Group = group.groups.get(name) ?? { methods: [], groups: new Map() };
      group.groups.set(name, next);
      group = next;
    }
    group.methods.push([method, id, operation]);
  }
  return `${HEADER}\n${typesOf('Client', root).join('\n')}`;
};

const HEADER = `/** Generated from the table of operations by \`npm run generate\`; a test holds it against the table. Not edited by hand. */
import type { Body, Options, Result, Waking } from './derived.ts';
`;

/** The type of a group, and before it those of the groups in it. */
const typesOf = (name: string, { methods, groups }: Group): string[] => [
  ...[...groups].flatMap(([inner, group]) => typesOf(typeName(name, inner), group)),
  [
    `export type ${name}Methods = {`,
    ...methods.map(([method, id, operation]) => `${comment(operation)}\n${member(method, id, operation)}`),
    ...[...groups.keys()].map((inner) => `  readonly ${inner}: ${typeName(name, inner)}Methods;`),
    '};\n',
  ].join('\n'),
];

const typeName = (outer: string, inner: string): string =>
  (outer === 'Client' ? '' : outer) + inner.charAt(0).toUpperCase() + inner.slice(1);

const member = (method: string, id: string, operation: Operation): string => {
  if (operation.idempotencyKey && operation.body) return `  readonly ${method}: Waking<'${id}'>;`;
  const bodyIsOptional = operation.body?.safeParse({}).success === true;
  const parameters = [
    ...positionalOf(operation).map((name) => `${name}: string`),
    ...(operation.body ? [`request${bodyIsOptional ? '?' : ''}: Body<'${id}'>`] : []),
    `options?: Options<'${id}'>`,
  ];
  const result = `Promise<Result<'${id}'>>;`;
  const line = `  readonly ${method}: (${parameters.join(', ')}) => ${result}`;
  if (line.length <= WIDTH) return line;
  return [`  readonly ${method}: (`, ...parameters.map((one) => `    ${one},`), `  ) => ${result}`].join(
    '\n',
  );
};

/** The operation's summary, its description, and which keys may call it. */
const comment = ({ summary, description, scope }: Operation): string => {
  const needs = scope === 'admin' ? 'Admins only.' : scope === null ? '' : `Needs the scope \`${scope}\`.`;
  const paragraphs = [[`${summary}.`, needs].filter(Boolean).join(' '), description ?? ''].filter(Boolean);
  const [first = '', ...others] = paragraphs.flatMap((text, i) => [...(i > 0 ? [''] : []), ...wrap(text)]);
  if (others.length === 0 && first.length <= WIDTH - 9) return `  /** ${first} */`;
  return [
    '  /**',
    ...[first, ...others].map((text) => (text === '' ? '   *' : `   * ${text}`)),
    '   */',
  ].join('\n');
};

const wrap = (text: string): string[] => {
  const lines: string[] = [];
  for (const word of text.replaceAll('*/', '*\\/').split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 1 <= WIDTH - 5)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};
