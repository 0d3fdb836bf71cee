/** Pipelined requests that may wait for the answers before them. One more closes the connection. */
export const pipelinedRequests = 16;

/**
 * The most bytes of one WebSocket message, unless the limit of bodies is lower. Clients publish larger data by a request
 * of its own, whose token is verified before its body is read.
 */
export const mostMessageBytes = 256 * 1024;

/** Requests on the connection of an open stream get no answer. This many close the connection. */
export const extraRequestsAllowed = 3;
