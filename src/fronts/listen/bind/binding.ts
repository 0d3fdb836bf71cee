import type { Server } from "node:net";
import type { BoundAddress } from "../../front.js";

/** A server that listens. */
export interface Binding {
  readonly server: Server;
  readonly bound: BoundAddress;
  /** Removes the server's file, if it has one. Call this method before the server closes. */
  readonly remove?: () => void;
}

/** Creates a server that does not listen yet. */
export type CreateServer = () => Server;
