// The quick viewer: one series, scrolled. The server renders; this shows, remembers, and asks for the next.

import { Frames, SessionEnded } from "./frames.js";
import { listen } from "./hands.js";

const AHEAD = 6;
const stage = document.getElementById("stage");
const image = document.getElementById("image");
const slider = document.getElementById("slider");
const frames = new Frames();
const view = { at: 0, window: null, stored: null, zoom: 1, x: 0, y: 0, direction: 1 };
let list = [];
let asked = 0;
let ahead = 0;
let windowing = false;
let isBehind = false;

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
  say("position", `${target + 1} of ${list.length}`);
  const wanted = address(target);
  const turn = ++asked;
  const url = frames.kept(wanted);
  if (url) return reveal(url, target);
  const slow = setTimeout(() => turn === asked && state("Loading …"), 180);
  clearTimeout(ahead);
  frames.prefetch(wanted, []); // what was on its way for another place makes room
  try {
    const loaded = await frames.fetch(wanted);
    if (turn === asked) reveal(loaded, target);
  } catch (fault) {
    if (fault instanceof SessionEnded) location.assign("/sign-in");
    else if (turn === asked && fault.name !== "AbortError") fail(fault.message, target);
  } finally {
    clearTimeout(slow);
  }
}

/** Words beside a picture are always those of the picture that is seen: they change with it, never before. */
function reveal(url, at) {
  image.src = url;
  image.alt = `Frame ${at + 1} of ${list.length}`;
  stage.dataset.shown = String(at + 1);
  stage.dataset.window = view.window ? `${view.window.center},${view.window.width}` : "";
  describe(at);
  state("");
  clearTimeout(ahead);
  ahead = setTimeout(fetchAround, windowing ? 200 : 0, at);
}

function fetchAround(at) {
  const around = [];
  for (let step = 1; step <= AHEAD; step += 1) around.push(at + step * view.direction);
  around.push(at - view.direction, at - 2 * view.direction);
  frames.prefetch("", around.filter((one) => one >= 0 && one < list.length).map(address));
}

/** While the window is dragged pictures follow one after another, each with the latest window, none stopped halfway. */
async function follow() {
  isBehind = windowing;
  if (windowing) return;
  windowing = true;
  do {
    isBehind = false;
    await show();
  } while (isBehind);
  windowing = false;
}

/** No picture at all is better than one that belongs elsewhere. */
function fail(words, at) {
  image.removeAttribute("src");
  image.alt = "";
  delete stage.dataset.shown;
  describe(at);
  state(words, true);
}

function state(words, canRetry = false) {
  document.getElementById("state").hidden = !words;
  document.getElementById("retry").hidden = !canRetry;
  say("state-words", words);
}

function describe(at) {
  const { instance_number: number, frame, of } = list[at];
  say("counter", `${at + 1} / ${list.length}`);
  say("object", of > 1 ? `Image ${number || "–"}, frame ${frame} of ${of}` : `Image ${number || "–"}`);
  const { window } = view;
  const shown = window ?? view.stored;
  say("windowed", shown ? `W ${shown.width}  C ${shown.center}` : "Window as stored");
  const presets = document.getElementById("presets");
  if (presets) presets.value = window ? [...presets.options].find((one) => one.value === `${window.center},${window.width}`)?.value ?? "own" : "";
}

function place() {
  image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
  say("zoomed", view.zoom === 1 ? "" : `${Math.round(view.zoom * 100)} %`);
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
    follow();
  },
  get windowed() { return view.window ?? view.stored ?? { center: 40, width: 400 }; },
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
  await show(0);
  return learn(list[0].window);
}

/** The window the pictures were stored with: where dragging begins. Not worth waiting for, nor complaining about. */
async function learn(from) {
  const answer = await fetch(from, { headers: { Accept: "application/json" } }).catch(() => null);
  const known = answer?.ok ? await answer.json() : {};
  if (!known.width) return;
  view.stored = known;
  if (stage.dataset.shown) describe(Number(stage.dataset.shown) - 1);
}

document.getElementById("retry").addEventListener("click", () => (list.length ? show() : start()));
addEventListener("pagehide", () => frames.forget());
start();
