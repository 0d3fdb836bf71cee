import type { NatsConnection, NodeConnectionOptions } from "@nats-io/transport-node";
import { connect, credsAuthenticator, PermissionViolationError } from "@nats-io/transport-node";
import type { JetStreamManager } from "@nats-io/jetstream";
import { jetstreamManager } from "@nats-io/jetstream";
import type { Logger } from "../../../base/log.js";

/** The longest wait for the response to a request about streams and consumers, in milliseconds. */
export const controlMs = 2000;

/** The pause between two attempts to connect to one server, in milliseconds. */
const reconnectMs = 250;

export interface EngineOptions {
  /** The servers, as `host:port`. The log uses one at a time, and learns further servers of the cluster from it. */
  readonly servers: readonly string[];
  /** The name of the stream; see `streamNames`. All hubs with this name share one log. */
  readonly name: string;
  /** The content of a credentials file (`.creds`). */
  readonly credentials?: string;
  /** Certificates of the authorities that the log trusts, in PEM. The connection must then use TLS. */
  readonly ca?: string;
  readonly logger: Logger;
}

/** Called when the connection changes. */
export interface EngineFollower {
  /** The connection is lost. */
  disconnected(): void;
  /** There is a connection again. */
  connected(): void;
  /** The server has refused a message or a subscription: the credentials do not allow it. */
  denied(error: PermissionViolationError): void;
}

/** A connection to one server of the engine at a time. After a loss, it connects again until it is closed. */
export class Engine {
  readonly connection: NatsConnection;
  /** Requests about streams and consumers. */
  readonly manager: JetStreamManager;
  readonly #logger: Logger;
  #isConnected = true;
  #maxPayload = 0;

  private constructor(connection: NatsConnection, manager: JetStreamManager, logger: Logger) {
    this.connection = connection;
    this.manager = manager;
    this.#logger = logger;
  }

  /** Connects to one of the servers. Rejects if none of them accepts the connection. */
  static async connect(options: EngineOptions): Promise<Engine> {
    const connection = await connect(connectionOptions(options));
    const manager = await jetstreamManager(connection, { timeout: controlMs, checkAPI: false });
    return new Engine(connection, manager, options.logger);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** The largest message that the server accepts, in bytes. While there is no connection, that of the last server. */
  get maxPayload(): number {
    this.#maxPayload = this.connection.info?.max_payload ?? this.#maxPayload;
    return this.#maxPayload;
  }

  /** Reports changes of the connection from now on. Call this once. */
  async watch(follower: EngineFollower): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === "disconnect") {
        this.#isConnected = false;
        this.#logger.warn({ server: status.server }, "the connection to NATS is lost");
        follower.disconnected();
      } else if (status.type === "reconnect") {
        this.#isConnected = true;
        this.#logger.info({ server: status.server }, "connected to NATS again");
        follower.connected();
      } else if (status.type === "error") {
        this.#logger.warn({ error: status.error }, "NATS reports an error");
        if (status.error instanceof PermissionViolationError) follower.denied(status.error);
      }
    }
  }

  /** Closes at once. What was sent may arrive. */
  async close(): Promise<void> {
    this.#isConnected = false;
    await this.connection.close();
  }
}

/**
 * The defaults of the library notice a dead server after four minutes. These options notice it after two to three
 * seconds, and never give up.
 */
function connectionOptions(options: EngineOptions): NodeConnectionOptions {
  const { servers, name, credentials, ca } = options;
  return {
    servers: [...servers],
    name: `pharos ${name}`,
    timeout: controlMs,
    pingInterval: 1000,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectMs,
    reconnectJitter: 0,
    ignoreAuthErrorAbort: true,
    // Without this option, the library takes two stack traces for each question.
    noAsyncTraces: true,
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(Buffer.from(credentials)) }),
    ...(ca === undefined ? {} : { tls: { ca } }),
  };
}
