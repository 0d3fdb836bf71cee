/** A part of src/ with one subject. */
export interface Room {
  /** A folder in src/ with all below it that is no room of its own, or one file without its ending. */
  readonly path: string;
  readonly about: string;
  /** Rooms that it may import. `hub/*` is `hub` with the rooms in it, `*` every room listed before. */
  readonly rooms: readonly string[];
  /** Packages that it may import; `node:*` is every one that begins with `node:`. */
  readonly packages: readonly string[];
  readonly knowsNothingOf: string;
}

/** The room with the longest path that holds the file. */
export function roomOf(rooms: readonly Room[], path: string): Room | undefined {
  const inside = path.replace(/^src\//, "").replace(/\.ts$/, "");
  const holding = rooms.filter((room) => inside === room.path || inside.startsWith(`${room.path}/`));
  return holding.toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** Whether a name in a list of rooms means a room. */
export function namesRoom(name: string, path: string): boolean {
  if (name === "*" || name === path) return true;
  if (!name.endsWith("/*")) return false;
  const whole = name.slice(0, -2);
  return path === whole || path.startsWith(`${whole}/`);
}

/** Whether a name in a list of packages means a package. */
export function namesPackage(name: string, specifier: string): boolean {
  return name.endsWith("*") ? specifier.startsWith(name.slice(0, -1)) : specifier === name;
}
