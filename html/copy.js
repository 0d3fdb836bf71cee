const shownMs = 1_500;

/** Makes a button put a text into the clipboard and say so. Where there is no clipboard, as without TLS, it goes. */
export function copyOnClick(button, text) {
  const label = button.textContent;
  if (!navigator.clipboard) {
    button.hidden = true;
    return;
  }
  let timer;
  const say = (words) => {
    button.textContent = words;
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = label), shownMs);
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      say("Copied");
    } catch {
      say("Not allowed");
    }
  });
}
