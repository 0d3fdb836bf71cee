import type { Arrival, ConnectionState, TransportName } from "../messages/item.js";

/** What all tabs of one worker have in common: the first one says it. */
export interface SharedSettings {
  readonly url: string;
  readonly transport: TransportName | "auto";
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: RequestCredentials;
}

/** What a tab says to the worker. */
export type FromTab =
  /** `cursor` is where the tab stands, `""` nowhere; `lock` the name of a lock that it holds while it lives. */
  | {
      readonly kind: "join";
      readonly settings: SharedSettings;
      readonly filters: readonly string[];
      readonly cursor: string;
      readonly lock: string | undefined;
    }
  | { readonly kind: "follow"; readonly filters: readonly string[]; readonly number: number }
  /** So many arrivals have found room. */
  | { readonly kind: "taken"; readonly count: number }
  | { readonly kind: "token"; readonly token: string | undefined; readonly error: string | undefined }
  | { readonly kind: "hurry" | "alive" | "leave" };

/** What the worker says to a tab. */
export type FromWorker =
  | { readonly kind: "joined" | "alive" | "token-wanted" }
  /** The tab is not served: it stands where the worker does not remember, or did not take what was sent. */
  | { readonly kind: "apart" }
  | { readonly kind: "arrivals"; readonly arrivals: readonly Arrival[] }
  | { readonly kind: "state"; readonly state: Exclude<ConnectionState, { kind: "closed" }> }
  /** `status` is that of a refusal, 0 of anything else, and then the reason its message. */
  | { readonly kind: "closed"; readonly status: number; readonly reason: string }
  | { readonly kind: "followed"; readonly number: number }
  | { readonly kind: "refused"; readonly number: number; readonly status: number; readonly reason: string };

/** An end of the channel between a tab and the worker. */
export interface Port<Said, Heard> {
  say(message: Said): void;
  /** Begins to hear; once. */
  hear(listener: (message: Heard) => void): void;
  close(): void;
}

/** A MessagePort with types: both ends are of this library, and of one file, so what comes is what was said. */
export function typedPort<Said, Heard>(port: MessagePort): Port<Said, Heard> {
  return {
    say: (message) => port.postMessage(message),
    hear: (listener) => {
      port.addEventListener("message", ({ data }) => listener(data));
      port.start();
    },
    close: () => port.close(),
  };
}

/** How often a tab says that it is there, and the worker answers, in milliseconds. */
export const aliveEveryMs = 10_000;
