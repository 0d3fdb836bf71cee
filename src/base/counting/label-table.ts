import type { Labels } from "../metrics.js";

/** A table with one row for each combination of a name and labels. */
export class LabelTable<Row> {
  readonly #rows = new Map<string, Map<string, Row>>();

  /** Returns the row for this name and these labels. If the row is missing, the method adds the result of `create`. */
  row(name: string, labels: Labels, create: (labels: Labels) => Row): Row {
    const key = labelText(labels);
    const known = this.#rows.get(name)?.get(key);
    if (known !== undefined) return known;
    const row = create(labels);
    const rows = this.#rows.get(name) ?? new Map<string, Row>();
    this.#rows.set(name, rows.set(key, row));
    return row;
  }

  /** Removes all rows, and returns them. */
  drain(): readonly Row[] {
    const rows: Row[] = [];
    for (const named of this.#rows.values()) for (const row of named.values()) rows.push(row);
    this.#rows.clear();
    return rows;
  }

  rows(name: string): readonly Row[] {
    return [...(this.#rows.get(name)?.values() ?? [])];
  }
}

/**
 * The labels in braces; empty without labels. The labels of one name always have the same order, since only one place
 * in the code counts that name.
 */
export function labelText(labels: Labels): string {
  let text = "";
  for (const label in labels) text += `${text === "" ? "{" : ","}${label}=${labels[label]}`;
  return text === "" ? "" : `${text}}`;
}
