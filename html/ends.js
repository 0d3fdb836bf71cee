/** The longest end that stays visible, in characters. */
const mostCharacters = 12;

/**
 * Writes a text into an element. If the element is too narrow, the page cuts the middle of the text, and not its end:
 * the end of an event id changes with each event, and the last level of a topic says most.
 */
export function showWithEnd(element, text) {
  if (element.textContent === text) return;
  let from = Math.max(text.length - mostCharacters, text.search(/[:/][^:/]*$/), 0);
  if (/^[\uDC00-\uDFFF]/.test(text.slice(from))) from--; // the text was cut inside a character
  element.classList.add("ends");
  element.title = text;
  const end = part("end", text.slice(from));
  element.replaceChildren(...(from > 0 ? [part("start", text.slice(0, from))] : []), end);
}

function part(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}
