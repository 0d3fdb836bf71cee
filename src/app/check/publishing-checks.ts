import type { Logger } from "../../base/log.js";
import { PharosError } from "../../base/errors.js";
import type { Config } from "../../config/config.js";
import { checkEndpoint } from "../../ingress/zeromq/check-endpoint.js";
import { parseEndpoint, type Endpoint } from "../../zeromq/endpoint.js";
import { readIngestKeys } from "../reload/ingest-keys.js";
import type { Check } from "./check.js";
import { checkMayCreate } from "./may-write.js";

/** Checks the endpoints for publications and for control, and the keys of publishers. */
export function publishingChecks(config: Config, logger: Logger): readonly Check[] {
  const { ingest, ingestCurve: file, control } = config;
  const endpoints = ingest.map((text) => ({
    what: `--ingest ${text}`,
    run: () => checkIngest(parseEndpoint(text, "bind"), { hasKeys: file !== undefined, logger }),
  }));
  return [
    ...endpoints,
    ...(file === undefined ? [] : [keysCheck({ ...config, file, logger })]),
    ...(control === undefined
      ? []
      : [{ what: `--control ${control}`, run: () => checkSocket(parseEndpoint(control, "bind")) }]),
  ];
}

function checkIngest(
  endpoint: Endpoint,
  { hasKeys, logger }: { readonly hasKeys: boolean; readonly logger: Logger },
): void {
  if (!hasKeys) checkEndpoint(endpoint, logger);
  checkSocket(endpoint);
}

/** A bound ipc endpoint is a socket file. A name that begins with `@` has no file. */
function checkSocket({ mode, transport, address }: Endpoint): void {
  const path = address.slice("ipc://".length);
  if (mode === "bind" && transport === "ipc" && !path.startsWith("@")) checkMayCreate(path);
}

function keysCheck(options: {
  readonly ingest: readonly string[];
  readonly file: string;
  readonly logger: Logger;
}): Check {
  const { ingest, file, logger } = options;
  return {
    what: `--ingest-curve ${file}`,
    run: () => void readIngestKeys({ file, endpoints: ingest.flatMap(parsed), logger }),
  };
}

/** Another check reports an endpoint that cannot be parsed. */
function parsed(text: string): readonly Endpoint[] {
  try {
    return [parseEndpoint(text, "bind")];
  } catch (error) {
    if (error instanceof PharosError) return [];
    throw error;
  }
}
