import type { Room } from "../rules/room.js";

/** The page with the table, from the root of the project. */
export const tablePage = "docs/internals/architecture.md";

const begin = "<!-- layers: begin -->";
const end = "<!-- layers: end -->";

/** The page with a new table of the rooms between the markers; undefined if the page has no markers. */
export function withTable(page: string, rooms: readonly Room[]): string | undefined {
  const start = page.indexOf(begin);
  const stop = page.indexOf(end);
  if (start === -1 || stop < start) return undefined;
  return `${page.slice(0, start + begin.length)}\n${tableOf(rooms)}\n${page.slice(stop)}`;
}

function tableOf(rooms: readonly Room[]): string {
  const rows = rooms.map((room) =>
    row([
      `\`${room.path}\``,
      room.about,
      quoted(room.rooms.map((name) => (name === "*" ? "every room above" : name))),
      quoted(room.packages),
      room.knowsNothingOf,
    ]),
  );
  return [
    row(["room", "what it is", "may import", "packages", "knows nothing of"]),
    row(Array.from({ length: 5 }, () => "---")),
    ...rows,
  ].join("\n");
}

function quoted(names: readonly string[]): string {
  return names.map((name) => (name.includes(" ") ? name : `\`${name}\``)).join(", ");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
