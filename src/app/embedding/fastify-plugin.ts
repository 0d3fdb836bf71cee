import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { METHODS } from "node:http";
import { createHub, type EmbeddedHub } from "./hub.js";
import type { EmbeddedHubOptions } from "./hub-options.js";

declare module "fastify" {
  interface FastifyInstance {
    /** The hub of the plugin `fastifyPharos`, in the scope in which it is registered. */
    pharos: EmbeddedHub;
  }
}

/** QUERY reads without an effect, like GET, but has a body. Fastify does not know it by default. */
const query = "QUERY";

/**
 * A plugin for Fastify 5: creates a hub, mounts it below `prefix`, takes its WebSockets from the server, and closes the hub
 * with the server. The hub is `app.pharos` in the scope in which the plugin is registered. Hooks of the host run before
 * the hub, and their headers are in its responses; its body parsers and its hooks for payloads do not touch them.
 *
 * @param options as for {@link createHub}; `logger` is that of the server unless another is given
 * @throws PharosError as {@link createHub}
 */
export async function fastifyPharos(app: FastifyInstance, options: EmbeddedHubOptions = {}): Promise<void> {
  const { prefix = "" } = options;
  const hub = await createHub({ logger: app.log, ...options, prefix: `${app.prefix}${prefix}` });
  app.decorate("pharos", hub);
  // Before the server waits for the ends of its connections, which streams keep open.
  app.addHook("preClose", () => hub.close());
  hub.attach(app.server);
  await app.register((scope) => mount(scope, hub), { prefix });
}

// The hub is for the scope of the caller, not for one of its own [Fastify, Plugins Guide].
Object.assign(fastifyPharos, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "pharos",
});

async function mount(scope: FastifyInstance, hub: EmbeddedHub): Promise<void> {
  // The hub first checks the right of a client to send a body, and reads the body itself.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
  if (METHODS.includes(query) && !scope.supportedMethods.includes(query))
    scope.addHttpMethod(query, { hasBody: true });
  const answer = (request: FastifyRequest, reply: FastifyReply): void => {
    const headers = Object.entries(reply.getHeaders());
    reply.hijack();
    for (const [name, value] of headers) if (value !== undefined) reply.raw.setHeader(name, value);
    hub.handler(request.raw, reply.raw);
  };
  if (hub.prefix !== "") scope.all("/", answer);
  scope.all("/*", answer);
}
