/** The first descriptor that systemd passes [sd_listen_fds(3)]. */
const firstDescriptor = 3;

export interface SystemdEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
}

/**
 * The descriptors of the sockets that systemd has passed to this process: those with the name, or all [sd_listen_fds(3)].
 * Throws an Error that says what is missing if there is none.
 */
export function systemdSockets(
  name: string | undefined,
  { environment, pid }: SystemdEnvironment,
): readonly number[] {
  const { LISTEN_PID: forPid, LISTEN_FDS: count, LISTEN_FDNAMES: names = "" } = environment;
  if (Number(forPid) !== pid || !(Number(count) > 0))
    throw new Error("systemd has passed no sockets to this process; a .socket unit must start it");
  const given = names === "" ? [] : names.split(":");
  const all = Array.from({ length: Number(count) }, (_, index) => ({
    descriptor: firstDescriptor + index,
    // systemd gives this name to a socket without one.
    name: given[index] ?? "unknown",
  }));
  const found = all.filter((each) => name === undefined || each.name === name);
  if (found.length > 0) return found.map(({ descriptor }) => descriptor);
  const known = all.map((each) => each.name).join(", ");
  throw new Error(`systemd has passed no socket with this name, but: ${known}`);
}
