import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { onTestFinished } from "vitest";

import { parsePort } from "../support/parse-port.js";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts a server that gives each request the next answer. The server repeats the last answer. */
export async function serve(...answers: Answer[]): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(request);
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${parsePort(server.address())}/esupdates`, requests };
}

/** Answers with a stream of these chunks. The stream then ends, unless `open` is true. */
export function stream(
  chunks: readonly (string | Buffer)[],
  options: { readonly open?: boolean } = {},
): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    for (const chunk of chunks) response.write(chunk);
    if (options.open !== true) response.end();
  };
}

/** Answers with a status and a body. */
export const refuse =
  (status: number, body = "", type = "text/plain"): Answer =>
  (_request, response) =>
    void response.writeHead(status, { "content-type": type }).end(body);

/** Refuses as a hub does: with problem details that have a request id. */
export function refuseAsHub(status: number, detail = "refused"): Answer {
  const problem = { type: "about:blank", title: "code", status, detail, instance: "urn:uuid:1" };
  return refuse(status, JSON.stringify(problem), "application/problem+json");
}

/** Sets the shortest reconnection time, so that tests do not wait. */
export const quick = "retry: 1\n";
