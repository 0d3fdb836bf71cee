import { Targets } from "./link/targets.js";

interface Group {
  readonly ids: Set<number>;
  /** Undefined after a change, until it is framed again. */
  targets: Targets | undefined;
}

/**
 * The members of one cohort, in groups of as many ids as one message names. A change affects one group only; the other
 * groups keep their framed lists. With 10,000 members the lists are 80 KB, which need not be built for each round.
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

  /** One {@link Targets} for each group, the same object until the group changes. */
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
   * After most members have left, it groups the others again: half-empty groups would double the number of messages.
   */
  #gather(): void {
    const ids = [...this.#groupOf.keys()];
    this.#groups.clear();
    this.#notFull.clear();
    this.#groupOf.clear();
    for (const id of ids) this.add(id);
  }
}
