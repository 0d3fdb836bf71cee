import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import type { Publication, PublicationInput } from "../../../hub/publications/publication.js";
import { publishPath } from "../../../protocol.js";
import type { GatewayRequest, Reply } from "../../../gateway/http/messages.js";
import { formType, parseForm } from "../../../gateway/http/form.js";
import { mediaTypeOf } from "../../../gateway/http/media-type.js";
import { deletePublications } from "./delete.js";
import { parsePublishBody, parseTopicPath } from "./publish-body.js";
import { parsePublishForm } from "./publish-form.js";
import { jsonType, parsePublishJson } from "./publish-json.js";
import { linesType, parsePublishLines } from "./publish-lines.js";
import type { PublishLinesLimits, PublishLinesOptions } from "./publish-lines.js";
import type { Deleter } from "../../../gateway/publishing/deleter.js";
import type { PublishOnce } from "../../../gateway/publishing/publish-once.js";
import type { Publisher } from "../../../gateway/publishing/publisher.js";
import { jsonReply } from "../../../gateway/http/replies.js";
import type { Resource } from "../../../gateway/http/resource.js";

export interface PublishResourceOptions {
  readonly publishing: Publisher;
  readonly once: PublishOnce;
  readonly deleter: Deleter;
  /** Read at each use. @default defaultPublishLinesLimits */
  readonly lines?: PublishLinesLimits;
}

/**
 * Publishing. `POST /publish/<topic>` has the data of one publication as its body. `POST /publish` has publications in
 * JSON (an object, a list, or one object per line), or one publication as a form. The hub sends the response, with the event ids, when all publications
 * are stored. A response to one publication has its id as `id`, too, except for lines. `DELETE` is described at
 * {@link deletePublications}.
 */
export function publishResource({ publishing, once, lines, deleter }: PublishResourceOptions): Resource {
  const post = async (request: GatewayRequest): Promise<Reply> => {
    const publisher = await publishing.publisher(request, parseForm(request.query));
    const accept = (input: PublicationInput): Publication => publishing.accept(publisher, input);
    const check = (topic: string): void => publishing.checkTopics(publisher, [topic]);
    const work = async (groupName?: string): Promise<readonly string[]> =>
      publishing.publish(
        isMany(request)
          ? await readMany(request, { accept, limits: lines })
          : await readOne(request, { check, accept }),
        groupName,
      );
    const ids = await once.ids(request, publisher, work);
    return jsonReply(200, answerOf(request, ids));
  };
  return {
    path: publishPath,
    below: true,
    methods: { POST: post, DELETE: deletePublications({ publishing, deleter }) },
  };
}

interface ReadOptions {
  /** Rejects the topic of the path before the body is read. */
  readonly check: (topic: string) => void;
  readonly accept: (input: PublicationInput) => Publication;
}

async function readOne(
  request: GatewayRequest,
  { check, accept }: ReadOptions,
): Promise<Iterable<Publication | undefined>> {
  const topic = parseTopicPath(request.path.slice(publishPath.length + 1));
  check(topic);
  const body = await request.body();
  return parseOne(parsePublishBody(topic, { header: (name) => request.header(name), body }), accept);
}

function* parseOne(
  steps: Iterable<PublicationInput | undefined>,
  accept: ReadOptions["accept"],
): Generator<Publication | undefined, void> {
  for (const input of steps) yield input && accept(input);
}

async function readMany(
  request: GatewayRequest,
  options: PublishLinesOptions<Publication>,
): Promise<Iterable<Publication | undefined>> {
  const contentType = request.header("content-type");
  const type = mediaTypeOf(contentType);
  if (type === linesType) return parsePublishLines(await request.body(), options);
  if (type === jsonType) return parsePublishJson(await request.body(), options);
  if (type === formType) return parseFormLater(await request.body(), options);
  throw new PharosError(
    "unsupported-media-type",
    `the Content-Type at ${publishPath} must be ${jsonType} (a publication, or a list of publications), ${linesType} (one publication per line) or ${formType} (one publication), not ${quoteValue(contentType)}; to publish a body of any type as the data of one event, send it to ${publishPath}/TOPIC`,
  );
}

/** Parses the form when the caller asks for the publication, so that the forms of many requests share their turns. */
function* parseFormLater(
  body: Buffer,
  { accept }: PublishLinesOptions<Publication>,
): Generator<Publication, void> {
  yield accept(parsePublishForm(body));
}

/** A repeated request gets the same answer, and its body is not read. So the answer depends on the ids only. */
function answerOf(request: GatewayRequest, ids: readonly string[]): object {
  if (!isMany(request)) return { id: ids[0] };
  return ids.length === 1 && mediaTypeOf(request.header("content-type")) !== linesType
    ? { id: ids[0], ids }
    : { ids };
}

function isMany({ path }: GatewayRequest): boolean {
  return path === publishPath;
}
