/** The texts of browsers for a request without a response, and for a response that breaks off. */
const browserTexts = [
  [/^(Failed to fetch|Load failed|NetworkError when attempting)/, "The hub cannot be reached."],
  [
    /^(network error|Error in input stream|The network connection was lost)/,
    "The connection was interrupted.",
  ],
];

/** The reason of a failure, in words for users. */
export function reasonInWords(reason) {
  return browserTexts.find(([pattern]) => pattern.test(reason))?.[1] ?? reason;
}
