import { PharosError } from "../../../base/errors.js";
import type { Deleter } from "../../../gateway/publishing/deleter.js";
import type { Topic } from "../../../hub/topics/topic.js";
import type { Journal } from "../../../journal/journal.js";
import { SnapshotItem } from "../../../journal/snapshot-item.js";
import type { SnapshotPart } from "../../../journal/snapshot-part.js";
import { ChannelSubscribers } from "./channel-subscribers.js";
import type { DeletedChannel } from "../messages/message.js";

export interface ChannelDeletionsOptions {
  readonly deleter: Pick<Deleter, "deleteTopic">;
  readonly journal: Pick<Journal, "commitNote">;
  /** The number of connections that subscribe to a topic. */
  readonly readersOf: (topic: Topic) => number;
}

/**
 * Deletes channels: their messages, and then the streams of their subscribers. The end of the streams is a note in the
 * journal, so all hubs that use the journal end their own. It leaves no state behind.
 */
export class ChannelDeletions implements SnapshotPart {
  readonly name = "deleted-channels";
  readonly subscribers = new ChannelSubscribers();
  readonly #options: ChannelDeletionsOptions;

  constructor(options: ChannelDeletionsOptions) {
    this.#options = options;
  }

  /**
   * Deletes a channel. Returns false if the channel has no messages, and no subscribers at this hub.
   *
   * @throws PharosError as {@link Journal.commitNote}
   */
  async delete(deleted: DeletedChannel): Promise<boolean> {
    const { journal, readersOf } = this.#options;
    const hadMessages = await this.#deleteMessages(deleted.channel);
    if (!hadMessages && readersOf(deleted.channel) === 0) return false;
    await journal.commitNote(this.name, deleted);
    return true;
  }

  async #deleteMessages(channel: Topic): Promise<boolean> {
    try {
      await this.#options.deleter.deleteTopic(channel);
      return true;
    } catch (error) {
      if (error instanceof PharosError && error.code === "not-found") return false;
      throw error;
    }
  }

  note(value: unknown): void {
    const fields = new SnapshotItem(this.name, value);
    this.subscribers.deleted({ channel: fields.topic("channel"), text: fields.text("text") });
  }

  save(): readonly unknown[] {
    return [];
  }

  load(): never {
    throw new PharosError("bad-snapshot", `the part "${this.name}" of a snapshot has no items`);
  }
}
