/**
 * Sends a request with the token of the page, and resolves with the JSON of the answer. Rejects with an error whose
 * `message` is a sentence for the user, and whose `status` is that of the answer, if there was one.
 */
export async function askHub(url, { token, body }) {
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body && { "Content-Type": "application/json" }),
  };
  const request = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const reply = await fetch(url, { ...request, headers, cache: "no-store" });
  if (reply.ok) return reply.json();
  const { detail } = await reply.json().catch(() => ({}));
  throw Object.assign(new Error(detail ?? `The hub answered with status ${reply.status}.`), {
    status: reply.status,
  });
}
