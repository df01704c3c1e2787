// What every page of somebody signed in does: warn before the session ends, and forget the search on signing out.

const body = document.body;
const idle = Number(body.dataset.idleSeconds || 0);
const notice = document.getElementById("idle");
let touched = Date.now();

/** Any request keeps the session awake, so the clock starts anew with each. */
const plain = window.fetch;
window.fetch = (...request) => {
  touched = Date.now();
  return plain(...request);
};

async function tick() {
  const left = idle - (Date.now() - touched) / 1000;
  notice.hidden = left > 120;
  document.getElementById("idle-left").textContent = left > 60 ? "two minutes" : "less than a minute";
  if (left <= 0) {
    sessionStorage.clear();
    location.replace("/sign-in/ended");
  }
}

if (idle && notice) {
  setInterval(tick, 5000);
  document.getElementById("stay").addEventListener("click", async () => {
    const answer = await fetch("/session", { headers: { Accept: "application/json" } });
    if (answer.ok) tick();
    else location.replace("/sign-in/ended");
  });
}

for (const form of document.querySelectorAll("form[data-sign-out]")) {
  form.addEventListener("submit", () => sessionStorage.clear());
}

// The search stays out of the address (it holds names), so coming back from a study finds it here. It ends with the tab.
const search = document.getElementById("search");
if (search) {
  const kept = JSON.parse(sessionStorage.getItem("search") || "{}");
  let changed = false;
  for (const [name, value] of Object.entries(kept)) {
    const field = search.elements.namedItem(name);
    if (field && field.type !== "hidden" && !field.value && value) {
      field.value = value;
      changed = true;
    }
  }
  const keep = () => {
    const words = Object.fromEntries([...new FormData(search)].filter(([name]) => name !== "csrf"));
    sessionStorage.setItem("search", JSON.stringify(words));
  };
  for (const event of ["input", "change"]) search.addEventListener(event, keep);
  document.getElementById("clear")?.addEventListener("click", () => {
    for (const field of search.querySelectorAll("input:not([type=hidden]), select")) field.value = "";
    keep();
    search.requestSubmit();
  });
  if (changed) addEventListener("load", () => search.requestSubmit());
}

// A thumbnail that cannot be drawn leaves words instead of a torn picture.
const withoutPicture = (image) => image.replaceWith("No preview");
for (const image of document.querySelectorAll(".thumb img")) {
  if (image.complete && image.src && !image.naturalWidth) withoutPicture(image);
  else image.addEventListener("error", () => withoutPicture(image), { once: true });
}
