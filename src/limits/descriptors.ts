/** The use of this process's file descriptors. */
export interface DescriptorPlan {
  /** The limit of descriptors of this process. */
  readonly limit: number;
  /**
   * Connections of clients may only have descriptors below this number. The system always gives the lowest free number.
   * So clients never use the descriptors from this number on, however many clients connect at the same time.
   */
  readonly clientsBelow: number;
  /** The most connections to the admin address. */
  readonly admin: number;
  /** The most files of the page that are open at the same time. */
  readonly files: number;
}

/**
 * The most descriptors that clients never get. Half of these are for ZeroMQ: 128 publishers. The other half is for files,
 * the admin address, and publishers that connect within a moment.
 */
const mostHeld = 256;

const mostAdmin = 64;
const mostFiles = 64;

/** The limit of a system that does not tell its limit. This number can be sent as JSON, infinity cannot. */
const unlimited = Number.MAX_SAFE_INTEGER;

/**
 * Plans the use of `limit` descriptors. Clients never get a third of the descriptors, 256 at most. Of this third, the
 * admin address and the files of the page may use a quarter each. The rest is for ZeroMQ, new workers and the keys of
 * issuers.
 *
 * @param limit undefined if the limit is unknown
 */
export function planDescriptors(limit: number = unlimited): DescriptorPlan {
  const held = Math.min(mostHeld, Math.floor(limit / 3));
  const quarter = Math.max(1, Math.floor(held / 4));
  return {
    limit,
    clientsBelow: limit - held,
    admin: Math.min(mostAdmin, quarter),
    files: Math.min(mostFiles, quarter),
  };
}

/**
 * True if there are descriptors for further publishers. Some descriptors remain free, because several publishers may
 * connect before the hub can look at the number again.
 *
 * @param open the number of open descriptors; undefined if it is unknown
 */
export function mayAcceptPublishers({ limit, clientsBelow }: DescriptorPlan, open: number = 0): boolean {
  return open < limit - Math.floor((limit - clientsBelow) / 2);
}
