import type { Dialogue, GatewayRequest, MessageResult } from "../../gateway/http/messages.js";
import { parseQuery } from "../../gateway/http/query.js";
import { snapshotRequest } from "../../gateway/http/request-snapshot.js";
import { refuse } from "../../gateway/refusals/refuse.js";
import type { Topic } from "../../hub/topics/topic.js";
import { ChannelError } from "./channels/channel-error.js";
import { refusedFrame } from "./messages/formats.js";
import type { PushStreamOptions } from "./options.js";
import { decodeMessage, publishMessage } from "./publish.js";
import type { ChannelSubscriber } from "./channels/subscriber.js";

/**
 * What the client of a WebSocket sends is a message to each of its channels, for those who may publish to them. It has no
 * answer but a refusal: the client is a subscriber of these channels, and gets its message with all others.
 */
export class ChannelDialogue implements Dialogue {
  readonly #options: PushStreamOptions;
  readonly #request: GatewayRequest;
  readonly #channels: readonly Topic[];

  constructor(options: PushStreamOptions, { request, channels }: ChannelSubscriber) {
    this.#options = options;
    this.#request = snapshotRequest(request);
    this.#channels = channels.map(({ channel }) => channel);
  }

  async take(text: string): Promise<MessageResult> {
    try {
      // Before anything that costs more than this.
      this.#options.clients?.admitPublish(this.#request);
      await this.#publish(text);
      return {};
    } catch (error) {
      return { answer: this.#refuse(error) };
    }
  }

  async #publish(text: string): Promise<void> {
    const { publishing } = this.#options;
    const publisher = await publishing.publisher(this.#request, parseQuery(this.#request.query));
    if (text === "") throw new ChannelError("empty-message");
    await publishMessage({ publishing, publisher }, this.#channels, { data: decodeMessage(text) });
  }

  #refuse(error: unknown): Buffer {
    const { code, detail } = refuse(error, this.#request, this.#options.refusals);
    return refusedFrame({ code: error instanceof ChannelError ? error.channelCode : code, detail });
  }
}
