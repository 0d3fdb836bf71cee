import { publish } from "./send.js";

/** What the form says, without what was left empty. */
export function publicationOf(form) {
  const { elements } = form;
  const text = (name) => elements[name].value;
  const isChecked = (name) => elements[name].checked;
  return {
    topic: text("topic"),
    data: text("data"),
    ...(text("type") && { type: text("type") }),
    ...(text("id") && { id: text("id") }),
    ...(isChecked("retain") && { retain: true }),
    ...(isChecked("private") && { private: true }),
  };
}

/** Lets the form publish, and says in `result` what has become of it. Ctrl+Enter in the data publishes too. */
export function bindPublishing({ form, result, token }) {
  let isUnderWay = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isUnderWay) return;
    isUnderWay = true;
    const { id, detail } = await publish(publicationOf(form), token());
    isUnderWay = false;
    result.classList.toggle("bad", id === undefined);
    result.textContent = id === undefined ? detail : `Published as ${id}`;
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}
