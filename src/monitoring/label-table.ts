import type { Labels } from "../base/metrics.js";

/** What is kept under each name, once for each combination of labels. */
export class LabelTable<Row> {
  readonly #rows = new Map<string, Map<string, Row>>();

  /** The row of this name and these labels; `create` makes it where there is none. */
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

/** Labels in braces, empty for none. Those of one name always come in the same order, since one place counts it. */
export function labelText(labels: Labels): string {
  let text = "";
  for (const label in labels) text += `${text === "" ? "{" : ","}${label}=${labels[label]}`;
  return text === "" ? "" : `${text}}`;
}
