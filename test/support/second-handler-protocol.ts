/** What a second handler has seen. */
export interface HandlerState {
  /** Ids of its clients in the present run of the server, in the order of their requests. */
  readonly ids: readonly number[];
  /** Disconnect notices for ids that it had. */
  readonly gone: number;
  /** Messages sent to all of its clients. */
  readonly ticks: number;
  /** How often the server has subscribed: 1 at the start, one more for each new run. */
  readonly subscribed: number;
}

/** What is asked of the child that is the handler. */
export type HandlerProtocol = {
  /** Connects; answered when the server takes messages. */
  readonly start: {
    readonly ask: { readonly sendSpec: string; readonly recvSpec: string };
    readonly answer: void;
  };
  readonly state: { readonly ask: null; readonly answer: HandlerState };
};
