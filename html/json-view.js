/**
 * The maximum length of a coloured text, in characters. Longer texts have no colours, because each coloured part is an
 * element.
 */
const colouredCharacters = 50_000;

/** The maximum length of a text, in characters. The page cuts longer texts. */
const shownCharacters = 500_000;

/** Shows data as the children of a `pre`. JSON is indented and coloured; other text is unchanged. */
export function viewOf(data) {
  const pretty = prettyJson(data);
  const text = pretty ?? data;
  if (text.length > shownCharacters)
    return [`${text.slice(0, shownCharacters)}\n… (${text.length.toLocaleString("en")} characters)`];
  return pretty === undefined || text.length > colouredCharacters ? [text] : [...coloured(text)];
}

/** Formats only objects and lists, because other values do not need indentation. */
function prettyJson(data) {
  if (!/^\s*[[{]/.test(data)) return undefined;
  try {
    return JSON.stringify(JSON.parse(data), undefined, 2);
  } catch {
    return undefined;
  }
}

/** Matches a key (a string with its colon), another string, or another value. */
const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\b\d[\d.eE+-]*/g;

function* coloured(text) {
  let end = 0;
  for (const match of text.matchAll(token)) {
    yield text.slice(end, match.index);
    const [whole, string, colon] = match;
    const kind = string === undefined ? "literal" : colon === undefined ? "string" : "key";
    yield span(kind, string ?? whole);
    end = match.index + (string ?? whole).length;
  }
  yield text.slice(end);
}

function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}
