/** The use of this process's file descriptors. */
export interface DescriptorPlan {
  /** The limit of descriptors of this process. */
  readonly limit: number;
  /**
   * Connections of clients may only have descriptors below this number. The system always gives the lowest free number.
   * So clients never use the descriptors from this number on, however many clients connect at the same time.
   */
  readonly clientsBelow: number;
  /** ZeroMQ publishers may only have descriptors below this number. */
  readonly publishersBelow: number;
  /** The most connections to the admin address. */
  readonly admin: number;
  /** The most files of the page that are open at the same time. */
  readonly files: number;
}

/** The most descriptors that clients never get. They are for ZeroMQ publishers, files, the admin address and workers. */
const mostHeld = 256;

const mostAdmin = 64;
const mostFiles = 64;

/** The limit of a system that does not tell its limit. This number can be sent as JSON, infinity cannot. */
const unlimited = Number.MAX_SAFE_INTEGER;

/**
 * Plans the use of `limit` descriptors. Clients never get a third of the descriptors, 256 at most. Of this third,
 * publishers may use three eighths, and the admin address and the files of the page two eighths each. The last eighth is
 * for new workers and the keys of issuers.
 *
 * @param limit undefined if the limit is unknown
 */
export function planDescriptors(limit: number = unlimited): DescriptorPlan {
  const held = Math.min(mostHeld, Math.floor(limit / 3));
  const clientsBelow = limit - held;
  const quarter = Math.max(1, Math.floor(held / 4));
  return {
    limit,
    clientsBelow,
    publishersBelow: clientsBelow + Math.floor((held * 3) / 8),
    admin: Math.min(mostAdmin, quarter),
    files: Math.min(mostFiles, quarter),
  };
}
