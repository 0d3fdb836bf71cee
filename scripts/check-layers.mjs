// Checks the layer table of docs/ARCHITECTURE.md: who may import whom, and that no import cycle exists.
// Type imports count. Exit 1 with one line per fault.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const src = join(dirname(fileURLToPath(import.meta.url)), "..", "src");

/** Each area of src/ with the areas that it may import (its own is always allowed) and the packages it may use. */
const table = {
  protocol: { areas: [], packages: [] },
  version: { areas: [], packages: ["node:fs"] },
  base: { areas: [], packages: ["node:buffer"] },
  hub: { areas: ["base", "protocol"], packages: ["re2js", "urlpattern-polyfill/urlpattern", "node:crypto"] },
  sse: { areas: ["base", "protocol"], packages: [] },
  zeromq: { areas: ["base"], packages: ["zeromq", "node:"] },
  journal: { areas: ["base", "hub"], packages: ["node:crypto"] },
  delivery: { areas: ["base", "hub"], packages: ["node:crypto"] },
  auth: { areas: ["base", "hub"], packages: ["jose", "node:"] },
  presence: { areas: ["base", "hub", "protocol"], packages: [] },
  gateway: {
    areas: ["base", "hub", "protocol", "sse", "journal", "delivery", "auth", "presence"],
    packages: ["node:"],
  },
  "protocols/pharos": {
    areas: ["base", "hub", "protocol", "sse", "delivery", "auth", "presence", "gateway"],
    packages: ["node:"],
  },
  "protocols/mercure": {
    areas: ["base", "hub", "protocol", "sse", "auth", "presence", "gateway"],
    packages: [],
  },
  "protocols/push-stream": {
    areas: ["base", "hub", "protocol", "auth", "gateway"],
    packages: ["node:os"],
  },
  "protocols/formats": { areas: ["hub", "gateway", "protocols/mercure"], packages: [] },
  ingress: { areas: ["base", "hub", "protocol", "sse", "zeromq"], packages: ["zeromq"] },
  publisher: {
    areas: ["base", "hub", "protocol", "ingress", "zeromq"],
    packages: ["zeromq", "jose", "node:"],
  },
  "fronts/mongrel2": { areas: ["base", "hub", "gateway", "delivery"], packages: ["zeromq", "node:"] },
  "fronts/http": {
    areas: ["base", "gateway", "delivery"],
    packages: ["fastify", "@fastify/", "ws", "node:"],
  },
  "workers/ipc": { areas: ["base", "hub", "delivery", "gateway"], packages: ["zeromq"] },
  "workers/primary": { areas: ["base", "hub", "gateway", "workers/ipc"], packages: ["node:"] },
  "workers/worker": {
    areas: [
      "base",
      "hub",
      "gateway",
      "delivery",
      "fronts/http",
      "workers/ipc",
      "protocols/formats",
      "protocols/push-stream",
    ],
    packages: ["node:"],
  },
  monitoring: {
    areas: ["base", "hub", "journal", "gateway", "fronts/mongrel2", "workers/primary"],
    packages: ["fastify", "node:"],
  },
  config: { areas: ["base", "protocol"], packages: ["zod", "node:"] },
  client: { areas: ["protocol", "sse"], packages: ["jose"] },
  app: { areas: ["*"], packages: ["node:"] },
  index: { areas: ["*"], packages: [] },
  cli: {
    areas: ["base", "protocol", "version", "app", "auth", "config", "zeromq", "publisher", "client"],
    packages: ["commander", "picocolors", "node:", "pino"],
  },
};

const files = walk(src);
const graph = new Map(files.map((file) => [file, imports(file)]));
const faults = [...layerFaults(), ...cycles()];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`layers: ${files.length} files, no upward import, no cycle`);

function walk(dir) {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? walk(path) : path.endsWith(".ts") ? [path] : [];
  });
}

function imports(file) {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(
    /^\s*(?:import|export)\s[^;]*?from\s+["']([^"']+)["']|^\s*import\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3]);
}

function areaOf(file) {
  const path = relative(src, file);
  const parts = path.split("/");
  if (parts.length === 1) return path.replace(/\.ts$/, "");
  if (["fronts", "workers", "protocols"].includes(parts[0]))
    return `${parts[0]}/${parts[1]?.replace(/\.ts$/, "")}`;
  return parts[0];
}

function target(file, specifier) {
  return normalize(join(dirname(file), specifier)).replace(/\.js$/, ".ts");
}

function* layerFaults() {
  for (const [file, specifiers] of graph) {
    const area = areaOf(file);
    const rule = table[area];
    if (rule === undefined) {
      yield `${relative(src, file)}: ${area} is in no layer; add it to the table`;
      continue;
    }
    for (const specifier of specifiers) {
      const fault = specifier.startsWith(".")
        ? areaFault({ area, rule, specifier, to: areaOf(target(file, specifier)) })
        : packageFault({ area, rule, specifier });
      if (fault !== undefined) yield `${relative(src, file)}: ${fault}`;
    }
  }
}

function areaFault({ area, rule, specifier, to }) {
  if (to !== area && !rule.areas.includes(to) && !rule.areas.includes("*"))
    return `${area} may not import ${to}`;
  if (area === "client" && to === "sse" && !specifier.endsWith("/parse.js"))
    return "client may import sse/parse only";
  return undefined;
}

function packageFault({ area, rule, specifier }) {
  const may = rule.packages.some((allowed) => specifier === allowed || specifier.startsWith(allowed));
  return may ? undefined : `${area} may not import the package ${specifier}`;
}

function* cycles() {
  const done = new Set();
  const path = [];
  for (const file of files) yield* visit(file);

  function* visit(file) {
    if (path.includes(file)) {
      yield `import cycle: ${[...path.slice(path.indexOf(file)), file].map((f) => relative(src, f)).join(" -> ")}`;
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const specifier of graph.get(file) ?? []) {
      if (specifier.startsWith(".") && graph.has(target(file, specifier)))
        yield* visit(target(file, specifier));
    }
    path.pop();
    done.add(file);
  }
}
