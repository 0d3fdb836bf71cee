/** Beyond this, text is shown as it is and not in colours: each part is an element. */
const colouredCharacters = 50_000;

/** Beyond this it is cut. */
const shownCharacters = 500_000;

/** Data as the children of a `pre`: JSON indented and in colours, everything else as it is. */
export function viewOf(data) {
  const pretty = prettyJson(data);
  const text = pretty ?? data;
  if (text.length > shownCharacters)
    return [`${text.slice(0, shownCharacters)}\n… (${text.length.toLocaleString("en")} characters)`];
  return pretty === undefined || text.length > colouredCharacters ? [text] : [...coloured(text)];
}

/** Objects and lists only: a number or a word in quotes is not more readable for being indented. */
function prettyJson(data) {
  if (!/^\s*[[{]/.test(data)) return undefined;
  try {
    return JSON.stringify(JSON.parse(data), undefined, 2);
  } catch {
    return undefined;
  }
}

/** A string with the colon that makes it a key, another string, or one of the other values. */
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
