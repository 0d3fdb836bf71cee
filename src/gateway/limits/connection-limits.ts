/**
 * Behind Mongrel2, the number of pipelined requests that may wait for earlier responses. If one more request arrives,
 * the hub closes the connection. The HTTP front lets further requests wait at the client.
 */
export const pipelinedRequests = 16;

/**
 * The most bytes of one WebSocket message, unless the limit for request bodies is lower. Clients publish larger data
 * with an HTTP request: the hub verifies the token of a request before it reads the body.
 */
export const mostMessageBytes = 256 * 1024;

/**
 * The hub does not answer requests on the connection of an open stream. At this number of requests the hub closes the
 * connection.
 */
export const extraRequestsAllowed = 3;
