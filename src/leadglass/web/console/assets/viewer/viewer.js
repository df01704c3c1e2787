// The quick viewer: one series, scrolled. The server renders; this shows, remembers, and asks for the next.

import { Frames, SessionEnded } from "./frames.js";
import { listen } from "./hands.js";
import { railOf } from "./rail.js";

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
  const chosen = window && `${window.center},${window.width}`;
  const isPreset = [...presets.options].some((one) => !one.disabled && one.value === chosen);
  presets.value = !window ? "" : isPreset ? chosen : "own";
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
  step: (by) => list.length && show(view.at + by),
  go: (at) => list.length && show(at < 0 ? list.length + at : at),
  window(center, width) {
    if (!list.length) return;
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
    acts.go(view.at);
  },
  help: () => document.getElementById("help").showModal(),
  series: (by) => rail.next(by),
};

/** Opens the series whose link this is; what was on the way for another is forgotten. */
async function open(link) {
  const turn = ++asked;
  frames.forget();
  list = [];
  image.removeAttribute("src");
  delete stage.dataset.shown;
  slider.disabled = true;
  Object.assign(view, { at: 0, window: null, stored: null, zoom: 1, x: 0, y: 0, direction: 1 });
  place();
  for (const id of ["counter", "object", "windowed", "position"]) say(id, "");
  say("series", link.dataset.description);
  offer(link.dataset.modality);
  state("Loading …");
  let found;
  try {
    found = await framesOf(link);
  } catch (fault) {
    return turn === asked && state(fault.message, true);
  }
  if (turn !== asked || !found) return undefined;
  list = found;
  if (!list.length) return state("This series holds no pictures: it may be a report, a waveform or a measurement.");
  slider.max = String(list.length);
  slider.disabled = false;
  const seen = show(0);
  learn(list[0].window, link);
  return seen;
}

async function framesOf(link) {
  const answer = await fetch(link.dataset.frames, { headers: { Accept: "application/json" } });
  if (answer.status === 401) return location.assign("/sign-in");
  if (!answer.ok) throw new Error("This series could not be opened. Go back to the study and try again.");
  return (await answer.json()).frames;
}

/** Only the presets that mean something for pictures of this kind. */
function offer(modality) {
  for (const option of document.querySelectorAll("#presets [data-modality]")) {
    option.hidden = option.disabled = option.dataset.modality !== modality;
  }
  document.getElementById("presets").value = "";
}

/** The window the pictures were stored with: where dragging begins. Not worth waiting for, nor complaining about. */
async function learn(from, link) {
  const answer = await fetch(from, { headers: { Accept: "application/json" } }).catch(() => null);
  const known = answer?.ok ? await answer.json() : {};
  if (!known.width || link !== rail.current()) return;
  view.stored = known;
  if (stage.dataset.shown) describe(Number(stage.dataset.shown) - 1);
}

const rail = railOf(document.getElementById("rail"), open);
listen(stage, slider, acts);
document.getElementById("retry").addEventListener("click", () => (list.length ? show() : open(rail.current())));
addEventListener("pagehide", () => frames.forget());
addEventListener("pageshow", (event) => event.persisted && location.reload());
open(rail.current());
