/** The targets of each node. A node without an entry has no targets. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Returns cycles, so that no two of these cycles share a node. Each cycle is a path that ends at its first node. One
 * wrong import often closes many cycles, so the first cycle represents all other cycles that contain one of its nodes.
 */
export function findCycles(graph: Graph): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const node of graph.keys()) visit(node, []);
  return cycles;

  function visit(node: string, path: readonly string[]): void {
    const start = path.indexOf(node);
    if (start !== -1) tell([...path.slice(start), node]);
    if (start !== -1 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  }

  function tell(cycle: string[]): void {
    const isNew = cycles.every((known) => !known.some((node) => cycle.includes(node)));
    if (isNew) cycles.push(cycle);
  }
}
