/** The media type of a `Content-Type` header, in lower case and without parameters; empty if there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** True if the value of an `Accept` header names the type `text/event-stream`, not only a wildcard. */
export function asksForEventStream(accept: string | undefined): boolean {
  return (accept ?? "").split(",").some((range) => {
    const [type = "", ...parameters] = range.toLowerCase().split(";");
    return type.trim() === "text/event-stream" && !parameters.some((each) => /^\s*q=0(\.0*)?\s*$/.test(each));
  });
}
