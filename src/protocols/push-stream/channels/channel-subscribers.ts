import type { DeletedChannel } from "../messages/message.js";
import type { Topic } from "../../../hub/topics/topic.js";

/** Tells a subscriber that one of its channels was deleted, and ends its stream or poll. */
export type ChannelDeleted = (deleted: DeletedChannel) => void;

/** The open streams and waiting polls of this hub, by their channels. */
export class ChannelSubscribers {
  readonly #byChannel = new Map<Topic, Set<ChannelDeleted>>();

  /** Adds a subscriber. Call the result when its stream or poll has ended. */
  add(channels: readonly Topic[], deleted: ChannelDeleted): () => void {
    // Each subscriber has a function of its own.
    const own: ChannelDeleted = (channel) => deleted(channel);
    for (const channel of channels)
      this.#byChannel.set(channel, (this.#byChannel.get(channel) ?? new Set()).add(own));
    return () => {
      for (const channel of channels) this.#remove(channel, own);
    };
  }

  /** Tells all subscribers of the channel. */
  deleted(channel: DeletedChannel): void {
    for (const deleted of this.#byChannel.get(channel.channel) ?? []) deleted(channel);
  }

  /** The number of channels with subscribers. */
  get channels(): number {
    return this.#byChannel.size;
  }

  #remove(channel: Topic, own: ChannelDeleted): void {
    const subscribers = this.#byChannel.get(channel);
    subscribers?.delete(own);
    if (subscribers?.size === 0) this.#byChannel.delete(channel);
  }
}
