/** Requests that may wait on one connection for the answers before them; with one more the connection is closed. */
export const pipelinedRequests = 16;

/**
 * The most bytes of one message of a WebSocket, unless bodies may have less: what is larger can be published by a request
 * of its own, whose sender is known before its body is read.
 */
export const mostMessageBytes = 256 * 1024;

/** Further requests on a connection that carries a stream are never answered; this many close it. */
export const extraRequestsAllowed = 3;
