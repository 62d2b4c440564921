// What HTML cannot do alone: copying a text, and saying that a request went wrong.
"use strict";
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    const range = document.createRange();
    range.selectNodeContents(document.getElementById(button.dataset.copy));
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});
document.addEventListener("htmx:responseError", (event) => {
  say("The server refused: status " + event.detail.xhr.status + ".");
});
document.addEventListener("htmx:sendError", () => say("dwsim does not answer."));
function say(text) {
  const place = document.getElementById("said");
  place.textContent = text;
  place.hidden = false;
}
