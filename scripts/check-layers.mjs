// Checks the layer table of docs/ARCHITECTURE.md: who may import whom, and that no import cycle exists.
// Type imports count. Exit 1 with one line per fault.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const src = join(dirname(fileURLToPath(import.meta.url)), "..", "src");

const words = ["errors", "log", "metrics", "clock", "protocol", "utf8"];

/** Each area of src/ with the areas that it may import (its own is always allowed) and the packages it may use. */
const table = {
  errors: { areas: [], packages: [] },
  clock: { areas: [], packages: [] },
  protocol: { areas: [], packages: [] },
  log: { areas: ["errors", "clock"], packages: [] },
  metrics: { areas: [], packages: [] },
  utf8: { areas: ["errors"], packages: ["node:"] },
  hub: { areas: words, packages: ["re2js", "urlpattern-polyfill/urlpattern", "node:crypto"] },
  sse: { areas: words, packages: [] },
  "mongrel2/wire": { areas: words, packages: ["node:"] },
  "mongrel2/link": { areas: [...words, "mongrel2/wire"], packages: ["zeromq", "node:"] },
  journal: { areas: [...words, "hub"], packages: ["node:"] },
  fanout: { areas: [...words, "hub"], packages: [] },
  auth: { areas: [...words, "hub"], packages: ["jose", "node:"] },
  presence: { areas: [...words, "hub"], packages: [] },
  polls: { areas: [...words, "hub", "fanout"], packages: ["node:crypto"] },
  gateway: { areas: [...words, "hub", "sse", "journal", "auth", "presence", "polls"], packages: ["node:"] },
  "push-stream": { areas: [...words, "hub", "auth", "gateway"], packages: ["node:"] },
  curve: { areas: words, packages: ["node:"] },
  ingress: { areas: [...words, "hub", "sse", "journal", "curve"], packages: ["zeromq", "node:"] },
  publisher: { areas: [...words, "hub", "sse", "ingress", "curve"], packages: ["zeromq", "jose", "node:"] },
  "fronts/mongrel2": {
    areas: [...words, "hub", "sse", "gateway", "fanout", "mongrel2/wire", "mongrel2/link"],
    packages: ["node:"],
  },
  "fronts/http": {
    areas: [...words, "hub", "sse", "gateway", "fanout"],
    packages: ["fastify", "@fastify/", "ws", "node:"],
  },
  "workers/wire": { areas: [...words, "hub", "fanout"], packages: ["zeromq"] },
  "workers/hub": { areas: [...words, "hub", "gateway", "workers/wire"], packages: ["node:"] },
  "workers/process": {
    areas: [...words, "hub", "gateway", "push-stream", "fanout", "fronts/http", "workers/wire"],
    packages: ["node:"],
  },
  admin: { areas: [...words, "gateway"], packages: ["fastify", "node:"] },
  config: { areas: words, packages: ["zod", "node:"] },
  client: { areas: ["protocol", "sse"], packages: ["jose"] },
  app: { areas: ["*"], packages: ["node:"] },
  index: { areas: ["*"], packages: [] },
  cli: {
    areas: [...words, "app", "auth", "config", "curve", "publisher", "client"],
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
  if (["mongrel2", "fronts", "workers"].includes(parts[0])) return `${parts[0]}/${parts[1]}`;
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
