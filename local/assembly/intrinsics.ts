import { ACCOUNT_ID, REGION } from '../iam/arn.ts';
import type { CloudAssembly, Stack } from './read.ts';

/** The position of a value: stack, then keys down to it. Every error names it. */
type Path = readonly string[];

export class UnresolvedError extends Error {
  override readonly name = 'UnresolvedError';
  constructor(path: Path, message: string) {
    super(`${path.join('.')}: ${message}`);
  }
}

/** The identity that a deployed resource would have: what `Ref` gives, and its attributes. */
export type Identity = {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
};

type Resolver = {
  /** A value with all intrinsics replaced; what `AWS::NoValue` removes is gone. */
  resolve(stack: Stack, value: unknown, path: Path): unknown;
  /** Whether a resource's or output's `Condition` holds; true without one. */
  holds(stack: Stack, condition: string | undefined): boolean;
  identity(stack: Stack, logicalId: string, path: Path): Identity;
};

/** Makes the identity of a resource; its name properties are resolved already. */
export type Identify = (resource: {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}) => Identity | undefined;

const NO_VALUE = Symbol('AWS::NoValue');

const PSEUDO: Readonly<Record<string, string | typeof NO_VALUE>> = {
  'AWS::AccountId': ACCOUNT_ID,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::NoValue': NO_VALUE,
};

const ZONES = ['a', 'b', 'c'].map((letter) => `${REGION}${letter}`);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Intrinsic = { readonly name: string; readonly argument: unknown };

const intrinsicOf = (value: Record<string, unknown>): Intrinsic | undefined => {
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length !== 1 || first === undefined) {
    return undefined;
  }
  const [name, argument] = first;
  return name === 'Ref' || name === 'Condition' || name.startsWith('Fn::') ? { name, argument } : undefined;
};

/**
 * Resolves CloudFormation's intrinsics over all stacks of an assembly, imports and exports included, against the
 * identities that resources have locally. An unknown intrinsic is an error that names the path.
 */
export const createResolver = (assembly: CloudAssembly, identify: Identify): Resolver => {
  const identities = new Map<string, Identity>();
  const underway = new Set<string>();

  const identity = (stack: Stack, logicalId: string, path: Path): Identity => {
    const key = `${stack.name}.${logicalId}`;
    const known = identities.get(key);
    if (known !== undefined) {
      return known;
    }
    const resource = stack.template.Resources[logicalId];
    if (resource === undefined) {
      throw new UnresolvedError(
        path,
        `there is no resource or parameter ${logicalId} in stack ${stack.name}`,
      );
    }
    if (underway.has(key)) {
      throw new UnresolvedError(path, `the name of ${key} depends on itself`);
    }
    underway.add(key);
    // Names only: a resource's other properties may refer back to it.
    const names = Object.entries(resource.Properties).filter(
      ([name]) => /(Name|Family|FifoQueue)$/.test(name) || name === 'Value' || name === 'ProtocolType',
    );
    const properties = Object.fromEntries(
      names.map(([name, value]) => [name, resolve(stack, value, [stack.name, logicalId, name])]),
    );
    underway.delete(key);
    const made = identify({ stack: stack.name, logicalId, type: resource.Type, properties });
    if (made === undefined) {
      throw new UnresolvedError(path, `no local identity is known for a ${resource.Type} (${logicalId})`);
    }
    identities.set(key, made);
    return made;
  };

  const reference = (stack: Stack, name: string, path: Path): unknown => {
    const pseudo = PSEUDO[name];
    if (pseudo !== undefined) {
      return pseudo;
    }
    if (name === 'AWS::StackName') {
      return stack.name;
    }
    if (name === 'AWS::StackId') {
      return `arn:aws:cloudformation:${REGION}:${ACCOUNT_ID}:stack/${stack.name}/local`;
    }
    const parameter = stack.template.Parameters[name];
    if (parameter !== undefined) {
      if (parameter.Default === undefined) {
        throw new UnresolvedError(path, `parameter ${name} has no default`);
      }
      return parameter.Default;
    }
    return identity(stack, name, path).ref;
  };

  const attribute = (stack: Stack, logicalId: string, name: string, path: Path): string => {
    const { attributes } = identity(stack, logicalId, path);
    const value = attributes[name];
    if (value === undefined) {
      const type = stack.template.Resources[logicalId]?.Type;
      throw new UnresolvedError(path, `attribute ${name} of a ${type} (${logicalId}) is not known locally`);
    }
    return value;
  };

  const exported = (name: string, path: Path): unknown => {
    for (const stack of assembly.stacks) {
      for (const [id, output] of Object.entries(stack.template.Outputs)) {
        const at = [stack.name, 'Outputs', id];
        if (output.Export !== undefined && resolve(stack, output.Export.Name, at) === name) {
          return resolve(stack, output.Value, at);
        }
      }
    }
    throw new UnresolvedError(path, `no stack exports ${name}`);
  };

  const text = (value: unknown, path: Path): string => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return String(value);
    }
    throw new UnresolvedError(path, `expected text, got ${JSON.stringify(value)}`);
  };

  const list = (value: unknown, path: Path): readonly unknown[] => {
    if (!Array.isArray(value)) {
      throw new UnresolvedError(path, `expected a list, got ${JSON.stringify(value)}`);
    }
    return value;
  };

  const substitute = (stack: Stack, argument: unknown, path: Path): string => {
    const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
    const own = isRecord(variables) ? variables : {};
    return text(template, path).replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
      if (literal !== '') {
        return `\${${name}}`;
      }
      if (name in own) {
        return text(resolve(stack, own[name], path), path);
      }
      const [logicalId = '', ...rest] = name.split('.');
      return rest.length > 0
        ? attribute(stack, logicalId, rest.join('.'), path)
        : text(reference(stack, name, path), path);
    });
  };

  const condition = (stack: Stack, value: unknown, path: Path): boolean => {
    if (isRecord(value)) {
      const intrinsic = intrinsicOf(value);
      if (intrinsic?.name === 'Condition') {
        return holds(stack, text(intrinsic.argument, path));
      }
      if (intrinsic !== undefined) {
        const parts = list(intrinsic.argument, path);
        switch (intrinsic.name) {
          case 'Fn::Equals':
            return resolve(stack, parts[0], path) === resolve(stack, parts[1], path);
          case 'Fn::And':
            return parts.every((part) => condition(stack, part, path));
          case 'Fn::Or':
            return parts.some((part) => condition(stack, part, path));
          case 'Fn::Not':
            return !condition(stack, parts[0], path);
        }
      }
    }
    throw new UnresolvedError(path, `not a condition: ${JSON.stringify(value)}`);
  };

  const holds = (stack: Stack, name: string | undefined): boolean => {
    if (name === undefined) {
      return true;
    }
    const path = [stack.name, 'Conditions', name];
    const body = stack.template.Conditions[name];
    if (body === undefined) {
      throw new UnresolvedError(path, 'there is no such condition');
    }
    return condition(stack, body, path);
  };

  const apply = (stack: Stack, { name, argument }: Intrinsic, path: Path): unknown => {
    const resolvedList = () => list(resolve(stack, argument, path), path);
    switch (name) {
      case 'Ref':
        return reference(stack, text(argument, path), path);
      case 'Fn::GetAtt': {
        const [logicalId, ...rest] =
          typeof argument === 'string'
            ? argument.split('.')
            : list(argument, path).map((part) => text(part, path));
        return attribute(stack, logicalId ?? '', rest.join('.'), path);
      }
      case 'Fn::Sub':
        return substitute(stack, argument, path);
      case 'Fn::Join': {
        const [separator, parts] = resolvedList();
        return list(parts, path)
          .map((part) => text(part, path))
          .join(text(separator, path));
      }
      case 'Fn::Select': {
        const [index, from] = resolvedList();
        const chosen = list(from, path)[Number(text(index, path))];
        if (chosen === undefined) {
          throw new UnresolvedError(path, `Fn::Select of element ${String(index)}, which is not there`);
        }
        return chosen;
      }
      case 'Fn::Split': {
        const [separator, whole] = resolvedList();
        return text(whole, path).split(text(separator, path));
      }
      case 'Fn::ImportValue':
        return exported(text(resolve(stack, argument, path), path), path);
      case 'Fn::If': {
        const [test, then, otherwise] = list(argument, path);
        return resolveRaw(stack, holds(stack, text(test, path)) ? then : otherwise, path);
      }
      case 'Fn::FindInMap': {
        const [map, first, second] = resolvedList().map((part) => text(part, path));
        const found = stack.template.Mappings[map ?? '']?.[first ?? '']?.[second ?? ''];
        if (found === undefined) {
          throw new UnresolvedError(path, `nothing in the mapping at ${map}.${first}.${second}`);
        }
        return found;
      }
      case 'Fn::GetAZs':
        return ZONES;
      case 'Fn::Base64':
        return Buffer.from(text(resolve(stack, argument, path), path)).toString('base64');
      default:
        throw new UnresolvedError(path, `${name} is not interpreted locally`);
    }
  };

  const resolveRaw = (stack: Stack, value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) {
      return value
        .map((element, index) => resolveRaw(stack, element, [...path, String(index)]))
        .filter((element) => element !== NO_VALUE);
    }
    if (!isRecord(value)) {
      return value;
    }
    const intrinsic = intrinsicOf(value);
    // `Condition` is an intrinsic in conditions only; elsewhere a property like any other (as in policies).
    if (intrinsic !== undefined && intrinsic.name !== 'Condition') {
      return apply(stack, intrinsic, path);
    }
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, element]) => [key, resolveRaw(stack, element, [...path, key])] as const)
        .filter(([, element]) => element !== NO_VALUE),
    );
  };

  const resolve = (stack: Stack, value: unknown, path: Path): unknown => {
    const resolved = resolveRaw(stack, value, path);
    return resolved === NO_VALUE ? undefined : resolved;
  };

  return { resolve, holds, identity };
};
