import { systemClock } from "../../src/app/system-clock.js";
import { silentLogger } from "../../src/base/log.js";
import type { CounterName, Metrics } from "../../src/base/metrics.js";
import { Link } from "../../src/fronts/mongrel2/link/link.js";
import type { LinkOptions } from "../../src/fronts/mongrel2/link/options.js";
import type { Mongrel2Request } from "../../src/fronts/mongrel2/wire/request.js";
import { atTestEnd } from "./on-end.js";
import { Changes, type Deadline } from "./wait-for.js";

/** The addresses of a server, fake or real. */
export interface LinkServer {
  readonly sendSpec: string;
  readonly recvSpec: string;
  readonly controlSpec: string;
}

export interface RecorderOptions extends Partial<
  Pick<LinkOptions, "recordFile" | "keepAliveMs" | "targets" | "limits">
> {
  /** @default true */
  readonly control?: boolean;
  /** Called for each request, after the recorder has recorded the request. */
  readonly onRequest?: (request: Mongrel2Request, link: Link) => void;
  readonly onDrained?: (ids: readonly number[], link: Link) => void;
}

/** A link whose events are recorded. Tests can wait for an event. */
export interface LinkRecorder {
  readonly link: Link;
  /**
   * The events so far: `up`, `down`, `stuck`, `recovered`, `request ID`, `disconnected ID`, `drained ID,ID`, `malformed
   * ID`.
   */
  readonly events: string[];
  readonly changes: Changes;
  /** Counters of the link, by name. */
  readonly counts: ReadonlyMap<CounterName, number>;
  /** Waits until the event has occurred `times` times, by default once. */
  readonly seen: (
    event: string,
    deadline: { readonly within: number; readonly times?: number },
  ) => Promise<void>;
  /** Drops the link like a crash, without closing streams or sending messages. */
  readonly abandon: () => void;
}

/**
 * Starts a link to a server with the system's clock. The link is closed after the test. Throws the errors of `Link`.
 */
export function startLink(server: LinkServer, options: RecorderOptions = {}): LinkRecorder {
  const { control = true, onRequest, onDrained, ...rest } = options;
  const events: string[] = [];
  const changes = new Changes();
  const counts = new Map<CounterName, number>();
  const metrics: Metrics = {
    count: (name, by = 1) => {
      counts.set(name, (counts.get(name) ?? 0) + by);
      changes.changed();
    },
    gauge: () => undefined,
    observe: () => undefined,
    merge: () => undefined,
  };
  const record = (event: string): void => {
    events.push(event);
    changes.changed();
  };
  const link: Link = new Link({
    name: "test",
    sendSpec: server.sendSpec,
    recvSpec: server.recvSpec,
    ...(control ? { controlSpec: server.controlSpec } : {}),
    ...rest,
    clock: systemClock,
    logger: silentLogger,
    metrics,
    events: {
      request: (request) => {
        record(`request ${request.id}`);
        onRequest?.(request, link);
      },
      disconnected: (id) => record(`disconnected ${id}`),
      drained: (ids) => {
        record(`drained ${ids.join(",")}`);
        onDrained?.(ids, link);
      },
      up: () => record("up"),
      down: () => record("down"),
      stuck: () => record("stuck"),
      recovered: () => record("recovered"),
      malformed: ({ id }) => record(`malformed ${id ?? "-"}`),
    },
  });
  link.start();
  const abandon = (): void => void link.close({ flush: false });
  atTestEnd(abandon);
  return {
    link,
    events,
    changes,
    counts,
    seen: (event, { within, times = 1 }) =>
      changes.until(has(events, event, times), missing(events, event, within)),
    abandon,
  };
}

function has(events: readonly string[], event: string, times: number): () => boolean {
  return () => events.filter((other) => other === event).length >= times;
}

function missing(events: readonly string[], event: string, within: number): Deadline {
  return { within, missing: () => `no "${event}" came, but ${events.slice(-20).join("; ") || "nothing"}` };
}
