import { Targets } from "./link/targets.js";

interface Group {
  readonly ids: Set<number>;
  /** Undefined after a change, until `targets()` builds the list again. */
  targets: Targets | undefined;
}

/**
 * The members of one cohort, in groups of as many ids as one message can name. When a member joins or leaves, only the
 * id list of one group is encoded again. With 10,000 members the lists have 80 KB, so they are not built for each
 * round.
 */
export class MemberGroups {
  readonly #max: number;
  readonly #groups = new Set<Group>();
  readonly #notFull = new Set<Group>();
  readonly #groupOf = new Map<number, Group>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#groupOf.size;
  }

  add(id: number): void {
    if (this.#groupOf.has(id)) return;
    const group = this.#groupNotFull();
    group.ids.add(id);
    group.targets = undefined;
    this.#groupOf.set(id, group);
    if (group.ids.size === this.#max) this.#notFull.delete(group);
  }

  remove(id: number): void {
    const group = this.#groupOf.get(id);
    if (group === undefined) return;
    this.#groupOf.delete(id);
    group.ids.delete(id);
    group.targets = undefined;
    this.#notFull.add(group);
    if (group.ids.size === 0) this.#drop(group);
    if (this.#groups.size > 2 * Math.ceil(this.size / this.#max) + 1) this.#gather();
  }

  /** Yields one {@link Targets} per group. Yields the same object for a group until the group changes. */
  *targets(): Generator<Targets, void> {
    for (const group of this.#groups) {
      group.targets ??= new Targets([...group.ids], this.#max);
      yield group.targets;
    }
  }

  #groupNotFull(): Group {
    const [group] = this.#notFull;
    if (group !== undefined) return group;
    const added: Group = { ids: new Set(), targets: undefined };
    this.#groups.add(added);
    this.#notFull.add(added);
    return added;
  }

  #drop(group: Group): void {
    this.#groups.delete(group);
    this.#notFull.delete(group);
  }

  /**
   * Groups the remaining members again after most members have left. Half-empty groups would double the number of
   * messages.
   */
  #gather(): void {
    const ids = [...this.#groupOf.keys()];
    this.#groups.clear();
    this.#notFull.clear();
    this.#groupOf.clear();
    for (const id of ids) this.add(id);
  }
}
