import type { Dialogue, GatewayRequest, MessageResult } from "../../gateway/http/messages.js";
import { parseQuery } from "../../gateway/http/query.js";
import { snapshotRequest } from "../../gateway/http/request-snapshot.js";
import { refuse } from "../../gateway/refusals/refuse.js";
import type { Topic } from "../../hub/topics/topic.js";
import { ChannelError } from "./channels/channel-error.js";
import type { PushStreamFormats } from "./messages/formats.js";
import type { PushStreamOptions } from "./options.js";
import { decodeMessage, publishMessage } from "./publish.js";
import type { ChannelSubscriber } from "./channels/subscriber.js";

export type ChannelDialogueOptions = PushStreamOptions & Pick<PushStreamFormats, "refused">;

/**
 * Publishes each message of a WebSocket client to all channels of the WebSocket, if the client's token allows that.
 * The hub sends an answer only for an error: the client subscribes to the same channels, so it also receives its own
 * messages.
 */
export class ChannelDialogue implements Dialogue {
  readonly #options: ChannelDialogueOptions;
  readonly #request: GatewayRequest;
  readonly #channels: readonly Topic[];

  constructor(options: ChannelDialogueOptions, { request, channels }: ChannelSubscriber) {
    this.#options = options;
    this.#request = snapshotRequest(request);
    this.#channels = channels.map(({ channel }) => channel);
  }

  async onText(text: string): Promise<MessageResult> {
    try {
      // This check is the first step, since all other steps cost more.
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
    return this.#options.refused({ code: error instanceof ChannelError ? error.channelCode : code, detail });
  }
}
