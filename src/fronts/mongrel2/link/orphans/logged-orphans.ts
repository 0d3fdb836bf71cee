import type { Logger } from "../../../../base/log.js";
import type { Metrics } from "../../../../base/metrics.js";
import { Orphans } from "./orphans.js";
import type { OrphansOptions } from "./orphans.js";

export interface LoggedOrphansOptions extends Omit<OrphansOptions, "freed" | "givenUp"> {
  readonly labels: { readonly link: string };
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Creates {@link Orphans} that log and count the orphans that the link has closed or given up. */
export function loggedOrphans({ labels, logger, metrics, ...options }: LoggedOrphansOptions): Orphans {
  return new Orphans({
    ...options,
    freed: (connections) => {
      metrics.count("orphans_freed_total", connections, labels);
      logger.info(
        { ...labels, connections },
        "closed the connections of lost streams, so that their clients reconnect",
      );
    },
    givenUp: (connections, reason) =>
      logger.warn(
        { ...labels, connections, reason },
        "cannot find out whether lost streams are still open: their clients may get no events until Mongrel2 closes them",
      ),
  });
}
