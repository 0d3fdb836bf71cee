import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../ipc.js";

/** A query of the dashboard. */
export interface ShownQuery {
  /** The query for all hubs of the job `pharos`, over a minute. */
  readonly expr: string;
  /** The labels that the name of each series needs. */
  readonly labels: readonly string[];
}

interface Dashboard {
  readonly panels: readonly {
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

/** The queries of all panels of deploy/grafana/pharos.json. */
export function shownQueries(): readonly ShownQuery[] {
  const file = join(root, "deploy", "grafana", "pharos.json");
  const { panels } = JSON.parse(readFileSync(file, "utf8")) as Dashboard;
  return panels
    .flatMap(({ targets = [] }) => targets)
    .map(({ expr, legendFormat }) => ({
      expr: expr
        .replaceAll("$job", "pharos")
        .replaceAll("$instance", ".*")
        .replaceAll("$__rate_interval", "1m"),
      labels: [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label),
    }));
}
