import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Change, Condition, Value } from '../../core/store.ts';

const COMPARISONS = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;

/** Collects placeholders while conditions and changes become DynamoDB expressions; one instance for one request. */
export class Expression {
  readonly #names = new Map<string, string>();
  readonly #values: Record<string, Value> = {};
  #count = 0;

  condition(condition: Condition): string {
    switch (condition.op) {
      case 'exists':
        return `attribute_exists(${this.#name(condition.attr)})`;
      case 'absent':
        return `attribute_not_exists(${this.#name(condition.attr)})`;
      case 'ltAttr':
        return `${this.#name(condition.attr)} < ${this.#name(condition.other)}`;
      case 'in':
        return `${this.#name(condition.attr)} IN (${condition.values.map((v) => this.#value(v)).join(', ')})`;
      case 'and':
      case 'or': {
        const parts = condition.of.map((c) => this.condition(c));
        // DynamoDB refuses parentheses within parentheses around one and the same thing.
        return parts.length === 1 ? parts.join() : `(${parts.join(` ${condition.op.toUpperCase()} `)})`;
      }
      default:
        return `${this.#name(condition.attr)} ${COMPARISONS[condition.op]} ${this.#value(condition.value)}`;
    }
  }

  change({ set = {}, remove = [], add = {} }: Change): string {
    // An attribute that is set need not be removed first; DynamoDB rejects both together.
    const removed = remove.filter((attr) => !(attr in set));
    const clauses = [
      clause(
        'SET',
        Object.entries(set).map(([attr, value]) => `${this.#name(attr)} = ${this.#value(value)}`),
      ),
      clause(
        'REMOVE',
        removed.map((attr) => this.#name(attr)),
      ),
      clause(
        'ADD',
        Object.entries(add).map(([attr, by]) => `${this.#name(attr)} ${this.#value(by)}`),
      ),
    ];
    return clauses.filter((c) => c !== '').join(' ');
  }

  attributes(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  } {
    return {
      ...(this.#names.size > 0
        ? {
            ExpressionAttributeNames: Object.fromEntries(
              [...this.#names].map(([attr, name]) => [name, attr]),
            ),
          }
        : {}),
      ...(Object.keys(this.#values).length > 0 ? { ExpressionAttributeValues: marshall(this.#values) } : {}),
    };
  }

  #name(attr: string): string {
    const known = this.#names.get(attr) ?? `#${this.#names.size}`;
    this.#names.set(attr, known);
    return known;
  }

  #value(value: Value): string {
    const placeholder = `:${this.#count++}`;
    this.#values[placeholder] = value;
    return placeholder;
  }
}

const clause = (keyword: string, parts: readonly string[]): string =>
  parts.length === 0 ? '' : `${keyword} ${parts.join(', ')}`;
