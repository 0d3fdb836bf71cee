/** How clients connect; `{stream}` in the path is the number of their topic. */
export interface ClientKind {
  readonly kind: "sse" | "socketio";
  readonly path: string;
}
