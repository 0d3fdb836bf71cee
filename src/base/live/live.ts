/**
 * Settings that can change while the hub runs. Every part has the same object, {@link current}, and a change replaces
 * the values of its fields. So read a field each time you use it. A copy of a field keeps the earlier value.
 */
export class Live<T extends object> {
  readonly current: T;
  readonly #derived: (() => void)[] = [];

  constructor(value: T) {
    this.current = { ...value };
  }

  /**
   * Returns an object that always has the fields of `make(current)`. Call this method only for parts that exist as long
   * as the hub. `make` must not throw: a change would be incomplete.
   */
  derive<U extends object>(make: (value: T) => U): U {
    const derived = { ...make(this.current) };
    this.#derived.push(() => setFields(derived, make(this.current)));
    return derived;
  }

  /** Changes all fields to those of `value`, and then the derived objects in the order of the calls. */
  replace(value: T): void {
    setFields(this.current, value);
    for (const update of this.#derived) update();
  }
}

function setFields<T extends object>(target: T, value: T): void {
  for (const name of Object.keys(target)) if (!(name in value)) Reflect.deleteProperty(target, name);
  Object.assign(target, value);
}
