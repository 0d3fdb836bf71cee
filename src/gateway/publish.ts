import { createHash } from "node:crypto";
import type { Clock } from "../clock.js";
import { PharosError } from "../errors.js";
import { filterSetKey } from "../hub/filter.js";
import type { Publication, PublicationInput } from "../hub/publication.js";
import { publishPath } from "../protocol.js";
import { IdempotencyWindow } from "./idempotency.js";
import type { GatewayRequest, Reply } from "./messages.js";
import { mediaTypeOf, parsePublishBody, parseTopicPath } from "./publish-body.js";
import { linesType, parsePublishLines } from "./publish-lines.js";
import type { Publisher, Publishing } from "./publishing.js";
import { jsonReply } from "./replies.js";
import type { Resource } from "./resource.js";

export interface PublishOptions {
  readonly publishing: Publishing;
  readonly clock: Clock;
}

type Ids = readonly string[];

/**
 * Publishing without a form: `POST /publish/<topic>` with the data as its body, `POST /publish` with many publications,
 * one JSON object a line. The answer comes when each has its position. A repeat with the same `Idempotency-Key` gets the
 * first answer, whatever it holds, and publishes nothing.
 */
export function publish({ publishing, clock }: PublishOptions): Resource {
  const window = new IdempotencyWindow<Ids>({ clock, sizeOf: bytesOf });
  const post = async (request: GatewayRequest): Promise<Reply> => {
    const publisher = await publishing.publisher(request);
    const accept = (input: PublicationInput): Publication => publishing.accept(publisher, input);
    const one = async (): Promise<Publication> =>
      accept(await readOne(request, (topic) => publishing.checkTopics(publisher, [topic])));
    const work = async (): Promise<Ids> =>
      publishing.publish(isMany(request) ? await readLines(request, accept) : [await one()]);
    const key = request.header("idempotency-key");
    const ids = await (key === undefined ? work() : window.once({ publisher: nameOf(publisher), key }, work));
    return jsonReply(200, isMany(request) ? { ids } : { id: ids[0] });
  };
  return { path: publishPath, below: true, methods: { POST: post } };
}

/** @param check throws where the topic, which the path has, is refused: before the body is read */
async function readOne(request: GatewayRequest, check: (topic: string) => void): Promise<PublicationInput> {
  const topic = parseTopicPath(request.path.slice(publishPath.length + 1));
  check(topic);
  return parsePublishBody(topic, { header: (name) => request.header(name), body: await request.body() });
}

async function readLines(
  request: GatewayRequest,
  accept: (input: PublicationInput) => Publication,
): Promise<Iterable<Publication>> {
  if (mediaTypeOf(request.header("content-type")) === linesType) {
    return parsePublishLines(await request.body(), { accept });
  }
  throw new PharosError(
    "unsupported-media-type",
    `${publishPath} takes lines of JSON, Content-Type: ${linesType}; one publication goes to ${publishPath}/TOPIC`,
  );
}

function isMany({ path }: GatewayRequest): boolean {
  return path === publishPath;
}

/**
 * Publishers with one subject of one issuer and the same rights share their keys; others never meet. The rights count,
 * since older tokens often name nobody, and whoever may not publish is not to learn what another's key was answered with.
 */
function nameOf(publisher: Publisher): string {
  if (publisher === "open") return "open";
  const { issuer, subject, publish: granted } = publisher;
  const name = JSON.stringify([issuer, subject, filterSetKey(granted)]);
  // A token names its bearer in up to 12 KB.
  return createHash("sha256").update(name).digest("base64url");
}

/** What ids take, their strings' headers included. */
function bytesOf(ids: Ids): number {
  return ids.reduce((sum, id) => sum + id.length + 32, 0);
}
