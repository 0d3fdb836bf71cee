import { namesPackage, namesRoom, roomOf, type Room } from "../rules/room.js";
import type { SourceFile } from "../source/source-file.js";

/** Reports imports that the table of rooms does not allow, files without a room, and errors in the table itself. */
export function checkRooms(files: readonly SourceFile[], rooms: readonly Room[]): string[] {
  return [...rooms.flatMap((room, i) => tableFaults(room, rooms.slice(0, i))), ...importFaults(files, rooms)];
}

/** The lowest room is first in the list, so a room may name only earlier rooms. */
function tableFaults(room: Room, before: readonly Room[]): string[] {
  const unknown = room.rooms.filter((name) => !before.some(({ path }) => namesRoom(name, path)));
  return unknown.map((name) => `the room ${room.path} may import ${name}, which is no room listed before it`);
}

function importFaults(files: readonly SourceFile[], rooms: readonly Room[]): string[] {
  return files.flatMap((file) => {
    const room = roomOf(rooms, file.path);
    if (room === undefined) return [`${file.path}: belongs to no room; add one to the table`];
    const targets = file.imports.filter((target) => !mayImport(room, roomOf(rooms, target)));
    const packages = file.packages.filter(
      (specifier) => !room.packages.some((name) => namesPackage(name, specifier)),
    );
    return [
      ...targets.map(
        (target) => `${file.path}: imports ${target}; ${room.path} may import ${listed(room.rooms)}`,
      ),
      ...packages.map(
        (specifier) =>
          `${file.path}: imports the package ${specifier}; ${room.path} may use ${listed(room.packages)}`,
      ),
    ];
  });
}

function mayImport(room: Room, target: Room | undefined): boolean {
  if (target === undefined) return false;
  return target === room || room.rooms.some((name) => namesRoom(name, target.path));
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
