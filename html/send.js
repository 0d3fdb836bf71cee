const timeoutMs = 15_000;

/**
 * Publishes as a line of JSON, because headers cannot hold every text. Resolves with `{id}` or, after a failure, with
 * the reason as `{detail}`. Never rejects.
 */
export async function publish(publication, token) {
  const headers = { "Content-Type": "application/x-ndjson" };
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    const reply = await fetch(new URL("publish", document.baseURI), {
      method: "POST",
      headers,
      body: JSON.stringify(publication),
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return await resultOf(reply);
  } catch (error) {
    return {
      detail:
        error.name === "TimeoutError" ? "No response within 15 seconds." : "The server cannot be reached.",
    };
  }
}

async function resultOf(reply) {
  const isJson = (reply.headers.get("content-type") ?? "").includes("json");
  const body = isJson ? await reply.json() : undefined;
  if (reply.ok && Array.isArray(body?.ids)) return { id: String(body.ids[0]) };
  const detail = [body?.detail, body?.title].find((text) => typeof text === "string" && text);
  const words = detail?.slice(0, 300) ?? `The server responded with status ${reply.status}.`;
  return { detail: reply.status === 401 ? `${words}. Enter a token under Options.` : words };
}
