const key = "pharos-theme";
const names = new Set(["auto", "light", "dark"]);

/** Sets the theme that was chosen here before; `auto` is that of the system. To be called before the first paint. */
export function restoreTheme() {
  apply(stored());
}

/** Lets a group of radio buttons, whose values are the names of themes, choose one; it is kept for the next visit. */
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

/** A browser may refuse storage, with an error at each touch. */
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
    // Then it holds until the page is left.
  }
}
