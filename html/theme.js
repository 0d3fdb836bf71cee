const key = "pharos-theme";
const names = new Set(["auto", "light", "dark"]);

/** Sets the stored theme. `auto` is the theme of the system. Call this function before the first paint. */
export function restoreTheme() {
  apply(stored());
}

/**
 * Makes radio buttons choose the theme. The values of the buttons are the names of the themes. The browser stores the
 * choice for the next visit.
 */
export function bindTheme(group) {
  const name = stored();
  for (const radio of group.querySelectorAll("input")) radio.checked = radio.value === name;
  group.addEventListener("change", (event) => {
    apply(event.target.value);
    store(event.target.value);
  });
}

function apply(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}

/** A browser may refuse storage. Each access then throws. */
function stored() {
  try {
    const name = localStorage.getItem(key);
    return names.has(name) ? name : "auto";
  } catch {
    return "auto";
  }
}

function store(name) {
  try {
    localStorage.setItem(key, name);
  } catch {
    // Without storage, the theme applies until the user closes the page.
  }
}
