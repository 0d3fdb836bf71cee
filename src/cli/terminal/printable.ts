/** Escapes control characters, which could move the cursor or change colours. TAB and newline stay. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- the pattern searches for control characters
  return text.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
