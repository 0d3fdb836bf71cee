import { describe, expect, it } from "vitest";
import type { RawConnection } from "../support/raw-http.js";
import { readResponse, within } from "./client.js";
import { requestDifferences, valueFor, type ContractAnswer } from "./differences.js";
import { requestBytes, type ResponseText } from "./http-text.js";
import type { Contract } from "./sites.js";

export function testDifferences({ front, site }: Contract): void {
  describe("requests that the fronts answer differently", () => {
    it.each(requestDifferences)("answers $name as its documentation says", async ({ request, answers }) => {
      const connection = await site().connect();
      connection.write(request);
      const expected = valueFor(front, answers);
      expect(await readKind(connection, expected)).toEqual(withoutClose(expected));
      await followUp(connection, expected);
    });
  });
}

/** `status` is 0 if there is no response. */
type Kind = Pick<ResponseText, "status"> & { readonly kind: ContractAnswer["kind"] };

async function readKind(connection: RawConnection, expected: ContractAnswer): Promise<Kind> {
  if (expected.kind !== "closed") return kindOf(await readResponse(connection));
  const text = await connection.readToEnd({ within });
  return text === "" ? { kind: "closed", status: 0 } : kindOf(await readResponse(connection));
}

function kindOf({ status, headers, body }: ResponseText): Kind {
  const type = headers.get("content-type");
  if (type === "text/event-stream") return { kind: "stream", status };
  if (type !== "application/problem+json") return { kind: "server", status };
  const problem = JSON.parse(body) as { readonly status: number };
  return { kind: "problem", status: problem.status === status ? status : Number.NaN };
}

function withoutClose(answer: ContractAnswer): Kind {
  if (answer.kind === "closed") return { kind: "closed", status: 0 };
  return { kind: answer.kind, status: answer.kind === "stream" ? 200 : answer.status };
}

/** Checks whether the connection stays open after the response, or carries the stream. */
async function followUp(connection: RawConnection, answer: ContractAnswer): Promise<void> {
  if (answer.kind === "closed") return;
  if (answer.kind === "stream") {
    await connection.readUntil("\nretry: ", { within });
  } else if (answer.closes) {
    await connection.readToEnd({ within });
  } else {
    connection.write(requestBytes({ path: "/healthz" }));
    await connection.readUntil('"status":"ok"', { within });
  }
}
