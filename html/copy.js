const shownMs = 1_500;

/**
 * Makes a button copy a text and confirm the copy. Hides the button if there is no clipboard, for example without TLS.
 */
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
