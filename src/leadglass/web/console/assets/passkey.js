// Passkeys: the browser makes or uses one, the server says what for and checks the answer.

const button = document.querySelector("[data-passkey]");
const complaint = document.getElementById("passkey-complaint");

async function post(path, fields) {
  const answer = await fetch(path, { method: "POST", body: new URLSearchParams(fields) });
  const words = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error([words.detail || words.title, words.advice].filter(Boolean).join(" ") || "That did not work. Try again.");
  return words;
}

function fieldsOf(form) {
  return Object.fromEntries(new FormData(form));
}

async function enrol() {
  const form = button.closest("form");
  const name = form.elements.namedItem("username");
  if (name && !name.reportValidity()) return;
  const fields = fieldsOf(form);
  const { options } = await post(`${button.dataset.passkey}/begin`, fields);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = await navigator.credentials.create({ publicKey });
  const { next } = await post(`${button.dataset.passkey}/finish`, { ...fields, response: JSON.stringify(made.toJSON()) });
  location.assign(next);
}

async function signIn() {
  const { challenge, options } = await post("/sign-in/passkey/begin", {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const shown = await navigator.credentials.get({ publicKey });
  const { next } = await post("/sign-in/passkey/finish", { challenge, response: JSON.stringify(shown.toJSON()) });
  location.assign(next);
}

function explain(fault) {
  if (fault.name === "NotAllowedError") return "No passkey was used. Try again, or sign in with password and code.";
  if (fault.name === "SecurityError") return "Passkeys need the archive's own name in the address bar, not a number. Open it by its name.";
  return fault.message || "That did not work. Try again.";
}

if (button && window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    complaint.hidden = true;
    button.disabled = true;
    try {
      await (button.dataset.passkey ? enrol() : signIn());
    } catch (fault) {
      complaint.textContent = explain(fault);
      complaint.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  document.getElementById("passkey-or")?.removeAttribute("hidden");
}
