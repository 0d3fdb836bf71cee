/** Requests that may wait on one connection for the answers before them; with one more the connection is closed. */
export const pipelinedRequests = 16;

/** Further requests on a connection that carries a stream are never answered; this many close it. */
export const extraRequestsAllowed = 3;
