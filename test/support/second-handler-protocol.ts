/** The counts of a second handler. */
export interface HandlerState {
  /** The ids of the handler's clients in the current run of the server, in the order of their requests. */
  readonly ids: readonly number[];
  /** Disconnect notices for the ids of the handler's own clients. */
  readonly gone: number;
  /** Messages that the handler sent to all of its clients. */
  readonly ticks: number;
  /** The number of times that the server has subscribed. The server subscribes once per run. */
  readonly subscribed: number;
}

/** The requests of the handler's process. */
export type HandlerProtocol = {
  /** Connects. Answered when the server accepts messages. */
  readonly start: {
    readonly ask: { readonly sendSpec: string; readonly recvSpec: string };
    readonly answer: void;
  };
  readonly state: { readonly ask: null; readonly answer: HandlerState };
};
