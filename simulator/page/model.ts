import { Emitter } from './emitter.ts';

/**
 * A model of WhatsApp Web: its attributes are own properties, and a change emits `change:<name>` with model, new and
 * old value, then as `change`. The attributes are all that crosses into JSON.
 */
export class Model<A extends object> extends Emitter {
  #parent: Emitter | undefined;

  constructor(attributes: A) {
    super();
    Object.assign(this, attributes);
  }

  set(changes: Partial<A>): void {
    const changed = Object.entries(changes).filter(([name, value]) => Reflect.get(this, name) !== value);
    const before = changed.map(([name]) => Reflect.get(this, name) as unknown);
    Object.assign(this, changes);
    changed.forEach(([name, value], index) => {
      this.trigger(`change:${name}`, this, value, before[index]);
    });
    if (changed.length > 0) this.trigger('change', this);
  }

  serialize(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this));
  }

  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this));
  }

  /** The model itself, without the guards that WhatsApp Web puts around one. */
  unsafe(): this {
    return this;
  }

  override trigger(name: string, ...args: unknown[]): void {
    super.trigger(name, ...args);
    this.#parent?.trigger(name, ...args);
  }

  /** The collection that holds the model gets its events as well. */
  setParent(parent: Emitter): void {
    this.#parent = parent;
  }
}

/** The class of models with these attributes as own properties. */
export const modelOf = <A extends object>() => {
  return Model as unknown as new (
    attributes: A,
  ) => Model<A> & A;
};

/** Models by id; an id is a string or something whose text form is one. */
export class Collection<M extends Model<object> & { id: { toString(): string } }> extends Emitter {
  readonly #models = new Map<string, M>();

  get(id: unknown): M | undefined {
    return id === undefined || id === null ? undefined : this.#models.get(String(id));
  }

  add(model: M): M {
    const known = this.get(model.id);
    if (known) return known;
    this.#models.set(String(model.id), model);
    model.setParent(this);
    this.trigger('add', model);
    return model;
  }

  remove(id: unknown): void {
    const model = this.get(id);
    if (model && this.#models.delete(String(model.id))) this.trigger('remove', model);
  }

  getModelsArray(): M[] {
    return [...this.#models.values()];
  }

  get length(): number {
    return this.#models.size;
  }
}
