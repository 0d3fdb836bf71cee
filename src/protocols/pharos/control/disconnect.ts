import { PharosError } from "../../../base/errors.js";
import { checkManageRight } from "../../../gateway/control/control-rights.js";
import type { Disconnects } from "../../../gateway/control/disconnects.js";
import type { GatewayRequest, Reply } from "../../../gateway/http/messages.js";
import { jsonReply } from "../../../gateway/http/replies.js";
import type { Resource } from "../../../gateway/http/resource.js";
import type { Publisher } from "../../../gateway/publishing/publisher.js";
import { disconnectPath } from "../../../protocol.js";
import { readControlFields } from "../../../gateway/control/control-fields.js";

export interface DisconnectResourceOptions {
  readonly publishing: Pick<Publisher, "identify">;
  readonly disconnects: Pick<Disconnects, "disconnect">;
}

/**
 * `POST /disconnect` ends the streams and polls of all clients whose token has a subject, at all hubs. The body is
 * `{"subject": "…"}`, and `issuer` may name the issuer of the tokens. The token of the request needs the right
 * `disconnect`. The response has the number of ended streams and polls of this hub. The clients may connect again.
 */
export function disconnectResource({ publishing, disconnects }: DisconnectResourceOptions): Resource {
  const post = async (request: GatewayRequest): Promise<Reply> => {
    await checkManageRight(publishing, request, "disconnect");
    const fields = await readControlFields(request, ["subject", "issuer"]);
    const [subject, issuer] = [fields.text("subject"), fields.text("issuer")];
    if (subject === undefined)
      throw new PharosError("bad-request", 'the body needs the field subject: {"subject": "…"}');
    const ended = await disconnects.disconnect({ subject, ...(issuer === undefined ? {} : { issuer }) });
    return jsonReply(200, { subject, ended });
  };
  return { path: disconnectPath, methods: { POST: post } };
}
