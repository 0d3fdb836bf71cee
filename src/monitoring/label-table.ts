import type { Labels } from "../base/metrics.js";

/** One row for each combination of a name and labels. */
export class LabelTable<Row> {
  readonly #rows = new Map<string, Map<string, Row>>();

  /** Returns the row of this name and these labels; `create` makes it if it is missing. */
  row(name: string, labels: Labels, create: (labels: Labels) => Row): Row {
    const rows = this.#rows.get(name) ?? new Map<string, Row>();
    const key = labelText(labels);
    const row = rows.get(key) ?? create(labels);
    this.#rows.set(name, rows.set(key, row));
    return row;
  }

  rows(name: string): readonly Row[] {
    return [...(this.#rows.get(name)?.values() ?? [])];
  }
}

/**
 * The labels in braces; empty without labels. The labels of one name always come in the same order, since one place in
 * the code counts it.
 */
export function labelText(labels: Labels): string {
  let text = "";
  for (const label in labels) text += `${text === "" ? "{" : ","}${label}=${labels[label]}`;
  return text === "" ? "" : `${text}}`;
}
