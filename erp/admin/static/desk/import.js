// Progress of an import: asks how far it is, and reads the page again when it is over.
"use strict";

const box = document.querySelector("#import-progress");
const bar = box.querySelector("progress");
const step = box.querySelector("#import-step");
const every = 1000; // ms

async function look() {
  try {
    const answer = await fetch(box.dataset.url, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const now = await answer.json();
      if (!now.active) return location.reload();
      bar.value = now.percent;
      const said = `${now.step}: ${now.done.toLocaleString("en")} of ${now.total.toLocaleString("en")} rows`;
      if (step.textContent !== said) step.textContent = said;
    }
  } catch {
    // The server is away for a moment: ask again.
  }
  setTimeout(look, every);
}
setTimeout(look, every);
