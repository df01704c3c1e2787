// The quick viewer: one series, scrolled. The server renders; this shows, remembers, and asks for the next.

import { Frames, SessionEnded } from "./frames.js";
import { listen } from "./hands.js";

const AHEAD = 6;
const stage = document.getElementById("stage");
const image = document.getElementById("image");
const slider = document.getElementById("slider");
const frames = new Frames();
const view = { at: 0, window: null, zoom: 1, x: 0, y: 0, direction: 1 };
let list = [];
let asked = 0;

const say = (id, text) => { document.getElementById(id).textContent = text; };

function address(at) {
  const { path } = list[at];
  if (!view.window) return path;
  const { center, width } = view.window;
  return `${path}?center=${center}&width=${width}`;
}

async function show(at = view.at) {
  const target = Math.max(0, Math.min(list.length - 1, at));
  if (target !== view.at) view.direction = Math.sign(target - view.at);
  view.at = target;
  slider.value = String(target + 1);
  describe();
  const wanted = address(target);
  const turn = ++asked;
  const url = frames.kept(wanted);
  if (url) return reveal(url, target);
  const slow = setTimeout(() => turn === asked && state("Loading …"), 180);
  frames.prefetch(wanted, []); // what was on its way for another place makes room
  try {
    const loaded = await frames.fetch(wanted);
    if (turn === asked) reveal(loaded, target);
  } catch (fault) {
    if (fault instanceof SessionEnded) location.assign("/sign-in");
    else if (turn === asked && fault.name !== "AbortError") state(fault.message, true);
  } finally {
    clearTimeout(slow);
  }
}

function reveal(url, at) {
  image.src = url;
  image.alt = `Frame ${at + 1} of ${list.length}`;
  stage.dataset.shown = String(at + 1);
  stage.dataset.window = view.window ? `${view.window.center},${view.window.width}` : "";
  state("");
  const around = [];
  for (let step = 1; step <= AHEAD; step += 1) around.push(at + step * view.direction);
  around.push(at - view.direction, at - 2 * view.direction);
  frames.prefetch("", around.filter((one) => one >= 0 && one < list.length).map(address));
}

function state(words, canRetry = false) {
  document.getElementById("state").hidden = !words;
  document.getElementById("retry").hidden = !canRetry;
  say("state-words", words);
}

function describe() {
  const { instance_number: number, frame, of } = list[view.at];
  say("counter", `${view.at + 1} / ${list.length}`);
  say("position", `${view.at + 1} of ${list.length}`);
  say("object", of > 1 ? `Image ${number || "–"}, frame ${frame} of ${of}` : `Image ${number || "–"}`);
  const { window } = view;
  say("windowed", window ? `W ${window.width}  C ${window.center}` : "Window as stored");
  say("zoomed", view.zoom === 1 ? "" : `${Math.round(view.zoom * 100)} %`);
  const presets = document.getElementById("presets");
  if (presets) presets.value = window ? [...presets.options].find((one) => one.value === `${window.center},${window.width}`)?.value ?? "own" : "";
}

function place() {
  image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
  describe();
}

/** What hands and keys may do. */
const acts = {
  get mode() { return stage.dataset.mode; },
  mode_is(mode) {
    stage.dataset.mode = mode;
    for (const button of document.querySelectorAll("[data-mode-button]")) {
      button.setAttribute("aria-pressed", String(button.dataset.modeButton === mode));
    }
  },
  step: (by) => show(view.at + by),
  go: (at) => show(at < 0 ? list.length + at : at),
  window(center, width) {
    view.window = center === null ? null : { center: Math.round(center), width: Math.max(1, Math.round(width)) };
    show();
  },
  get windowed() { return view.window ?? list[view.at].window ?? { center: 40, width: 400 }; },
  zoom(by) {
    view.zoom = Math.max(1, Math.min(12, view.zoom * by));
    if (view.zoom === 1) view.x = view.y = 0;
    place();
  },
  pan(dx, dy) {
    view.x += dx;
    view.y += dy;
    place();
  },
  invert() {
    const inverted = stage.classList.toggle("inverted");
    document.getElementById("invert").setAttribute("aria-pressed", String(inverted));
  },
  reset() {
    Object.assign(view, { window: null, zoom: 1, x: 0, y: 0 });
    if (stage.classList.contains("inverted")) acts.invert();
    place();
    show();
  },
  help: () => document.getElementById("help").showModal(),
  series(by) {
    const links = [...document.querySelectorAll("#rail a")];
    const here = links.findIndex((link) => link.hasAttribute("aria-current"));
    links[here + by]?.click();
  },
};

async function start() {
  state("Loading …");
  try {
    const answer = await fetch(stage.dataset.frames, { headers: { Accept: "application/json" } });
    if (answer.status === 401) return location.assign("/sign-in");
    if (!answer.ok) throw new Error("This series could not be opened. Go back to the study and try again.");
    list = (await answer.json()).frames;
  } catch (fault) {
    return state(fault.message, true);
  }
  if (!list.length) return state("This series holds no pictures: it may be a report, a waveform or a measurement.");
  slider.max = String(list.length);
  listen(stage, slider, acts);
  place();
  return show(0);
}

document.getElementById("retry").addEventListener("click", () => (list.length ? show() : start()));
addEventListener("pagehide", () => frames.forget());
start();
