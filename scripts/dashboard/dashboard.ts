import type { Panel, Query, Row } from "./panel.js";
import { rows } from "./rows.js";

/** Grafana's grid has 24 columns. */
const columns = 24;
const sizes = { stat: { w: 4, h: 4 }, bargauge: { w: 12, h: 8 }, timeseries: { w: 8, h: 8 } } as const;

const datasource = { type: "prometheus", uid: "${datasource}" };

/** The dashboard deploy/grafana/pharos.json, as Grafana imports it. */
export function dashboard(): Readonly<Record<string, unknown>> {
  return {
    title: "Pharos",
    uid: "pharos",
    description: "Hubs that Prometheus reads as in deploy/prometheus/prometheus.yml.",
    tags: ["pharos"],
    schemaVersion: 38,
    editable: true,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    timezone: "",
    templating: { list: variables() },
    annotations: { list: [] },
    panels: layOut(rows),
  };
}

function variables(): readonly unknown[] {
  const choice = { datasource, type: "query", refresh: 2, sort: 1 };
  const jobs = "label_values(pharos_build_info, job)";
  const instances = 'label_values(pharos_build_info{job="$job"}, instance)';
  return [
    { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" },
    { ...choice, name: "job", label: "Job", query: jobs, definition: jobs },
    {
      ...choice,
      name: "instance",
      label: "Hub",
      query: instances,
      definition: instances,
      multi: true,
      includeAll: true,
      allValue: ".*",
      current: { text: ["All"], value: ["$__all"] },
    },
  ];
}

/** Places the rows below one another, and the panels of each row from left to right. */
function layOut(all: readonly Row[]): readonly unknown[] {
  const panels: unknown[] = [];
  let [x, y, height] = [0, 0, 0];
  const nextLine = (): void => {
    y += height;
    x = 0;
    height = 0;
  };
  for (const row of all) {
    nextLine();
    panels.push({
      type: "row",
      title: row.title,
      collapsed: false,
      panels: [],
      id: panels.length + 1,
      gridPos: { x, y, w: columns, h: 1 },
    });
    y += 1;
    for (const panel of row.panels) {
      const { w, h } = sizes[panel.kind ?? "timeseries"];
      if (x + w > columns) nextLine();
      panels.push({ id: panels.length + 1, gridPos: { x, y, w, h }, ...panelJson(panel) });
      x += w;
      height = Math.max(height, h);
    }
  }
  return panels;
}

function panelJson({
  title,
  help,
  unit,
  kind = "timeseries",
  queries,
}: Panel): Readonly<Record<string, unknown>> {
  const isGraph = kind === "timeseries";
  return {
    type: kind,
    title,
    description: help,
    datasource,
    targets: queries.map((each, index) => target(each, { index, instant: !isGraph })),
    fieldConfig: {
      defaults: { unit, min: 0, ...(unit === "percentunit" ? { max: 1 } : {}) },
      overrides: [],
    },
    options: isGraph
      ? { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } }
      : {
          reduceOptions: { calcs: ["lastNotNull"] },
          ...(kind === "bargauge" ? { orientation: "horizontal" } : {}),
        },
  };
}

function target(
  { expr, legend }: Query,
  { index, instant }: { readonly index: number; readonly instant: boolean },
): Readonly<Record<string, unknown>> {
  const refId = String.fromCodePoint("A".charCodeAt(0) + index);
  return { refId, datasource, expr, legendFormat: legend, instant, range: !instant };
}
