import type { Resource } from "../../../gateway/http/resource.js";
import { historyPath } from "../../../protocol.js";
import { readHistory, type ReadHistoryOptions } from "./history.js";
import { listTopics, type ListTopicsOptions } from "./topics.js";

/** The topics, and the stored publications of each. */
export function historyResource(options: ReadHistoryOptions & ListTopicsOptions): Resource {
  const list = listTopics(options);
  const read = readHistory(options);
  return {
    path: historyPath,
    below: true,
    methods: { GET: (request) => (request.path === historyPath ? list(request) : read(request)) },
  };
}
