import { limitSections, type LimitSection } from "../../src/config/limit-sections.js";
import type { Limit } from "../../src/limits/limit.js";
import { code, generated, page, table } from "./markdown.js";

const intro = `# Limits

${generated}

Everything that can grow has a limit. Change a limit in the configuration file under \`limits\`, or by an environment variable \`PHAROS_LIMITS_…\`:

\`\`\`sh
PHAROS_LIMITS_HISTORY_TOPIC_EVENTS=100 ./scripts/pharos serve
\`\`\`

\`\`\`json
{ "limits": { "history": { "topicEvents": 100 } } }
\`\`\`

After [SIGHUP](../operating/reload.md), a running hub applies most limits. If a limit is then below its use, the hub keeps what it has and refuses
more; stores such as the history remove their oldest content with the next publications.`;

/** The page docs/reference/limits.md. */
export function limitsPage(): string {
  const sections: readonly (readonly [string, LimitSection])[] = Object.entries(limitSections);
  return page([
    intro,
    ...sections.flatMap(([key, section]) => [
      `## ${section.title}`,
      section.help,
      sectionTable(key, section),
    ]),
    "## Why these defaults",
    table(
      ["key", "default", "why"],
      sections.flatMap(([key, section]) =>
        Object.entries(section.limits).map(([name, limit]) => [
          code(keyOf(key, section, name)),
          amount(limit.default, limit),
          limit.why,
        ]),
      ),
    ),
  ]);
}

function sectionTable(key: string, section: LimitSection): string {
  const rows = Object.entries(section.limits).map(([name, limit]) => [
    code(keyOf(key, section, name)),
    amount(limit.default, limit),
    `${amount(limit.from, limit)} to ${amount(limit.to, limit)}`,
    limit.help,
    limit.above ?? "",
    limit.reload === true ? "SIGHUP" : "restart",
  ]);
  return table(["key", "default", "allowed", "what it limits", "above it", "changes with"], rows);
}

function keyOf(key: string, { isObject }: LimitSection, name: string): string {
  return isObject ? `${key}.${name}` : name;
}

const binaryUnits = [
  { name: "GiB", bytes: 1024 ** 3 },
  { name: "MiB", bytes: 1024 ** 2 },
  { name: "KiB", bytes: 1024 },
];

function amount(value: number, { unit }: Limit): string {
  const plain = value.toLocaleString("en-US");
  if (unit === "percent") return `${plain}%`;
  if (unit === "seconds") return `${plain} s`;
  if (unit !== "bytes") return unit === "" ? plain : `${plain} ${unit}`;
  const larger = binaryUnits.find(({ bytes }) => value >= bytes && value % bytes === 0);
  if (value === 1) return "1 byte";
  return larger === undefined
    ? `${plain} bytes`
    : `${(value / larger.bytes).toLocaleString("en-US")} ${larger.name}`;
}
