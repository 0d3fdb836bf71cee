/**
 * What a hub does. The phases follow in this order, but a phase may be skipped.
 * - `starting`: the hub serves no clients yet
 * - `serving`
 * - `draining`: the hub serves all clients, and tells load balancers to send no further ones
 * - `closing`: the hub accepts no connections, and ends its streams
 * - `stopping`: the hub accepts no publications
 */
export type Phase = "starting" | "serving" | "draining" | "closing" | "stopping";
