import type { HubOptions, HubProcess } from "./hub-process.js";
import type { Mongrel2Mode } from "./mongrel2-config.js";
import { linkTo, startHubBehind } from "./mongrel2-hub.js";
import { startMongrel2, type Mongrel2Options, type Mongrel2Server } from "./mongrel2-server.js";
import { atTestEnd } from "./on-end.js";
import { startSecondHandler, type OtherClientsReport, type SecondHandler } from "./second-handler.js";

/** The path of the second handler's clients. */
export const otherPath = "/other";

/**
 * One Mongrel2 with two handlers: Pharos, which the test starts, and a second handler. Pharos must not disturb the
 * clients of the second handler.
 */
export interface TwoHandlers {
  readonly server: Mongrel2Server;
  readonly otherHandler: SecondHandler;
  /** Starts a hub on this server. With the scratch folder of an earlier hub, the new hub replaces the earlier hub. */
  startHub(options?: HubOptions): Promise<HubProcess>;
  openOtherClients(clients: number): Promise<void>;
}

/** Starts the server and the second handler. Both end with the test. */
export async function startTwoHandlers(
  options: Omit<Mongrel2Options, "handlers"> & { readonly mode: Mongrel2Mode },
): Promise<TwoHandlers> {
  const server = await startMongrel2({ ...options, handlers: [{ path: otherPath }] });
  atTestEnd(() => server.stop());
  const [second] = server.handlers;
  if (second === undefined) throw new Error("the server has no second handler");
  const otherHandler = await startSecondHandler(second);
  return {
    server,
    otherHandler,
    startHub: (hub = {}) => startHubBehind({ mongrel2: [linkTo(server)], ...hub }),
    openOtherClients: (clients) => otherHandler.open({ port: server.port, path: otherPath, clients }),
  };
}

/** The faults of the second handler's clients: closed connections and foreign bytes; `{}` if there are none. */
export function otherClientFaults(report: OtherClientsReport): Partial<OtherClientsReport> {
  const { closed, foreign, sample } = report;
  if (closed === 0 && foreign === 0) return {};
  return { closed, foreign, sample };
}
