/** A room: a part of src/ with one subject, and the imports that this part may have. */
export interface Room {
  /**
   * The path of a folder in src/, without subfolders that are rooms themselves, or of one file without its extension.
   */
  readonly path: string;
  readonly about: string;
  /**
   * Rooms that this room may import. `hub/*` means `hub` and all rooms in `hub`; `*` means every earlier room in the
   * list.
   */
  readonly rooms: readonly string[];
  /** Packages that this room may import; `node:*` means every package whose name begins with `node:`. */
  readonly packages: readonly string[];
  readonly knowsNothingOf: string;
}

/** The room that contains the file. If several rooms contain the file, the result is the room with the longest path. */
export function roomOf(rooms: readonly Room[], path: string): Room | undefined {
  const inside = path.replace(/^src\//, "").replace(/\.ts$/, "");
  const holding = rooms.filter((room) => inside === room.path || inside.startsWith(`${room.path}/`));
  return holding.toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** Whether a name in a list of rooms matches a room. */
export function namesRoom(name: string, path: string): boolean {
  if (name === "*" || name === path) return true;
  if (!name.endsWith("/*")) return false;
  const whole = name.slice(0, -2);
  return path === whole || path.startsWith(`${whole}/`);
}

/** Whether a name in a list of packages matches a package. */
export function namesPackage(name: string, specifier: string): boolean {
  return name.endsWith("*") ? specifier.startsWith(name.slice(0, -1)) : specifier === name;
}
