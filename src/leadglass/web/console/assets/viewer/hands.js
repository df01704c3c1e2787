// Wheel, keys, mouse, touch and buttons, each turned into one of the viewer's acts.

const PIXELS_A_FRAME = 9;

export function listen(stage, slider, acts) {
  wheel(stage, acts);
  drag(stage, acts);
  keys(acts);
  slider.addEventListener("input", () => acts.go(Number(slider.value) - 1));
  for (const button of document.querySelectorAll("[data-act]")) button.addEventListener("click", () => pressed(button, acts));
  for (const button of document.querySelectorAll("[data-mode-button]")) {
    button.addEventListener("click", () => acts.mode_is(button.dataset.modeButton));
  }
  const presets = document.getElementById("presets");
  presets.addEventListener("change", () => choose(presets.value, acts));
  acts.mode_is(matchMedia("(pointer: coarse)").matches ? "scroll" : "window");
}

function choose(value, acts) {
  if (value === "own") return;
  if (!value) acts.window(null);
  else acts.window(...value.split(",").map(Number));
}

function pressed(button, acts) {
  const { act } = button.dataset;
  if (act === "in") acts.zoom(1.25);
  else if (act === "out") acts.zoom(1 / 1.25);
  else acts[act]();
}

function wheel(stage, acts) {
  let turned = 0;
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.ctrlKey) return acts.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
      // A notch of a wheel is one frame; the small steps of a touchpad add up to one.
      turned += event.deltaMode === 0 ? event.deltaY / 40 : event.deltaY;
      const steps = Math.abs(event.deltaY) >= 40 ? Math.sign(event.deltaY) : Math.trunc(turned);
      if (steps) {
        turned = 0;
        acts.step(steps);
      }
      return undefined;
    },
    { passive: false },
  );
}

function drag(stage, acts) {
  let held = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button")) return;
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    const mode = event.button === 1 || event.shiftKey ? "pan" : acts.mode;
    held = { mode, x: event.clientX, y: event.clientY, rest: 0, ...acts.windowed };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!held) return;
    const dx = event.clientX - held.x;
    const dy = event.clientY - held.y;
    held.x = event.clientX;
    held.y = event.clientY;
    if (held.mode === "pan") acts.pan(dx, dy);
    else if (held.mode === "scroll") scroll(held, dy, acts);
    else widen(held, dx, dy, acts);
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { held = null; });
}

function scroll(held, dy, acts) {
  held.rest += dy / PIXELS_A_FRAME;
  const steps = Math.trunc(held.rest);
  held.rest -= steps;
  if (steps) acts.step(steps);
}

function widen(held, dx, dy, acts) {
  if (!dx && !dy) return;
  const pace = Math.max(0.25, held.width / 300); // a wide window moves in wide steps
  held.width = Math.max(1, held.width + dx * pace);
  held.center += dy * pace;
  acts.window(held.center, held.width);
}

function keys(acts) {
  const table = {
    ArrowDown: () => acts.step(1),
    ArrowUp: () => acts.step(-1),
    PageDown: () => acts.step(10),
    PageUp: () => acts.step(-10),
    Home: () => acts.go(0),
    End: () => acts.go(-1),
    i: () => acts.invert(),
    r: () => acts.reset(),
    "+": () => acts.zoom(1.25),
    "=": () => acts.zoom(1.25),
    "-": () => acts.zoom(1 / 1.25),
    w: () => acts.mode_is("window"),
    p: () => acts.mode_is("pan"),
    s: () => acts.mode_is("scroll"),
    "[": () => acts.series(-1),
    "]": () => acts.series(1),
    "?": () => acts.help(),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("select")) return;
    if (event.target.matches("#slider") && event.key.length > 1) return; // its own arrows
    const presets = document.getElementById("presets");
    if (/^[1-5]$/.test(event.key)) {
      const offered = [...presets.options].filter((one) => !one.disabled && one.value !== "own");
      const option = offered[Number(event.key) - 1];
      if (option) choose(option.value, acts);
      return;
    }
    const act = table[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
