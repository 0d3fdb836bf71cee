import { Targets } from "./link/targets.js";

interface Group {
  readonly ids: Set<number>;
  /** The framed list, until somebody comes or goes. */
  targets: Targets | undefined;
}

/**
 * The members of one cohort in groups of as many ids as one message names. A change makes one group's list be written
 * anew, the others keep theirs: at 10,000 members the lists are 80 KB a round that nobody builds.
 */
export class MemberGroups {
  readonly #max: number;
  readonly #groups = new Set<Group>();
  readonly #roomy = new Set<Group>();
  readonly #groupOf = new Map<number, Group>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#groupOf.size;
  }

  add(id: number): void {
    if (this.#groupOf.has(id)) return;
    const group = this.#groupWithRoom();
    group.ids.add(id);
    group.targets = undefined;
    this.#groupOf.set(id, group);
    if (group.ids.size === this.#max) this.#roomy.delete(group);
  }

  remove(id: number): void {
    const group = this.#groupOf.get(id);
    if (group === undefined) return;
    this.#groupOf.delete(id);
    group.ids.delete(id);
    group.targets = undefined;
    this.#roomy.add(group);
    if (group.ids.size === 0) this.#drop(group);
    if (this.#groups.size > 2 * Math.ceil(this.size / this.#max) + 1) this.#gather();
  }

  /** One {@link Targets} for each group; the same objects until the group changes. */
  *targets(): Generator<Targets, void> {
    for (const group of this.#groups) {
      group.targets ??= new Targets([...group.ids], this.#max);
      yield group.targets;
    }
  }

  #groupWithRoom(): Group {
    const [roomy] = this.#roomy;
    if (roomy !== undefined) return roomy;
    const group: Group = { ids: new Set(), targets: undefined };
    this.#groups.add(group);
    this.#roomy.add(group);
    return group;
  }

  #drop(group: Group): void {
    this.#groups.delete(group);
    this.#roomy.delete(group);
  }

  /** When most have left, those who stay move together: half-empty groups would double the messages of a round. */
  #gather(): void {
    const ids = [...this.#groupOf.keys()];
    this.#groups.clear();
    this.#roomy.clear();
    this.#groupOf.clear();
    for (const id of ids) this.add(id);
  }
}
