import { errorCodes, type ErrorCode } from "../../src/base/errors.js";
import { statuses } from "../../src/gateway/refusals/refuse.js";
import { code, generated, page, table } from "./markdown.js";

const intro = `# Errors

${generated}

In a program, compare the code, never the text of a message: Pharos never reuses or renames a code.

## Over HTTP

The response to a refused request is \`application/problem+json\` [RFC 9457] with these fields:

- \`title\`: the code
- \`detail\`: what was wrong and what is allowed
- \`instance\`: the request id; the hub's log shows the refusal with the same id

If a later attempt can succeed, the response has the header \`Retry-After\`. Its time is random for each response: up to 50% more seconds, so that clients do not all return at the same moment.

\`\`\`sh
curl -i 'http://127.0.0.1:8080/esupdates?topic=a%23'
\`\`\`

\`\`\`
HTTP/1.1 400 Bad Request
content-type: application/problem+json

{"type":"about:blank","title":"bad-filter","status":400,"detail":"# must stand alone in the last level of a topic filter, as in news/#, not as in \\"a#\\"","instance":"urn:uuid:9efa2674-…"}
\`\`\``;

const others = `## In programs and logs

These codes are the \`code\` of a \`PharosError\` in Node.js, or appear in the log of the hub. The hub never sends these codes to a client.`;

/** The page docs/reference/errors.md. */
export function errorsPage(): string {
  const codes = Object.entries(errorCodes).map(([name, help]) => ({
    name,
    help,
    status: statuses[name as ErrorCode],
  }));
  const overHttp = codes.filter(({ status }) => status !== undefined);
  const inOrder = overHttp.toSorted((a, b) => (a.status ?? 0) - (b.status ?? 0));
  return page([
    intro,
    table(
      ["status", "code", "meaning"],
      inOrder.map(({ name, help, status }) => [String(status), code(name), help]),
    ),
    others,
    table(
      ["code", "meaning"],
      codes.filter(({ status }) => status === undefined).map(({ name, help }) => [code(name), help]),
    ),
  ]);
}
