/** The way in which clients connect. `{stream}` in the path stands for the number of the client's topic. */
export interface ClientKind {
  readonly kind: "sse" | "socketio";
  readonly path: string;
}
