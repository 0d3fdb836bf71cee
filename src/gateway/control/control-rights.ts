import type { ManageRight } from "../../auth/grants/manage-rights.js";
import { PharosError } from "../../base/errors.js";
import type { GatewayRequest } from "../http/messages.js";
import { parseForm } from "../http/form.js";
import type { Publisher } from "../publishing/publisher.js";

/**
 * Checks that a request may manage clients. Call this before you read the body. With `--open`, programs on this machine
 * may do so without a token, as they may publish.
 *
 * @throws PharosError `insufficient-scope` if the token does not grant the right; the errors of {@link Publisher.identify}
 */
export async function checkManageRight(
  publishing: Pick<Publisher, "identify">,
  request: GatewayRequest,
  right: ManageRight,
): Promise<void> {
  const sender = await publishing.identify(request, {
    older: parseForm(request.query),
    what: "this request",
  });
  if (sender === "open" || sender.manage?.includes(right) === true) return;
  throw new PharosError(
    "insufficient-scope",
    `the token does not grant this request: its claim pharos.manage must have ${JSON.stringify(right)}`,
  );
}
