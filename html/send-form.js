import { publish } from "./send.js";

/** The publication in the form, without empty fields. */
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

/** Makes the form publish, and shows the result in `result`. Ctrl+Enter also publishes. */
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
