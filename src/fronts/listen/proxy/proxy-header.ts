/** The content of a PROXY header. */
export interface ProxyHeader {
  /** The address of the client. Undefined if the header has none: the peer of the connection is the client. */
  readonly client: string | undefined;
}
