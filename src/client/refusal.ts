/** The server's answer says that to ask again would not help: a 204, or a 4xx other than 408 and 429. */
export class StreamRefusedError extends Error {
  override readonly name = "StreamRefusedError";
  /** The HTTP status of the answer. */
  readonly status: number;

  constructor(status: number, reason: string) {
    super(`the server refused the stream with status ${status}${reason === "" ? "" : `: ${reason}`}`);
    this.status = status;
  }
}

/** True when a stream with this status is not to be asked for again. */
export function isFinalStatus(status: number): boolean {
  if (status === 408 || status === 429) return false;
  return status === 204 || (status >= 400 && status < 500);
}

/** The reason in a refusal's problem+json [RFC 9457], or its text, shortened; never throws. */
export async function reasonOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  if (!/\bjson\b/.test(response.headers.get("content-type") ?? "")) return text.slice(0, 200).trim();
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem !== "object" || problem === null) return "";
    const reason = "detail" in problem ? problem.detail : "title" in problem ? problem.title : "";
    return typeof reason === "string" ? reason.slice(0, 200) : "";
  } catch {
    return "";
  }
}
