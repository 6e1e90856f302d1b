// The bar that moves the step of all figures, a button that plays it, and the keys, which are those of the film.

/** @import { Page } from "./contract.js" */

import { icon, make, setText } from "../../film/js/kit/dom.js";
import { whole } from "../../film/js/kit/wording.js";
import { onKey } from "../../film/js/keys.js";
import { moveTo, stepInView } from "./clock.js";

const PLAY_MS = 9000; // from the first step to the last
const STROKES = 200; // of an arrow key, likewise
const REST_MS = 300; // after the last key

/** @param {number} last step @param {number[]} boundaries steps that PageUp and PageDown lead to @param {Page} page */
export function makeSlider(last, boundaries, page) {
  const bar = make("input", "els-bar", { type: "range", min: 0, max: last, step: 1, "aria-label": "Step of the training" });
  const words = make("output", "els-step"), button = make("button", "els-play", { type: "button" });
  const play = makePlay(last, () => button.isConnected, (now) => {
    button.replaceChildren(icon(now ? "pause" : "play"));
    button.setAttribute("aria-label", now ? "Pause" : "Play");
    if (!now) page.came();
  });
  button.append(icon("play"));
  button.setAttribute("aria-label", "Play");
  button.onclick = play.turn;
  bar.oninput = () => {
    play.stop();
    moveTo(Number(bar.value));
  };
  bar.onchange = page.came;
  const played = makePlayed(last, boundaries, play, page);
  const listen = (/** @type {KeyboardEvent} */ event) => onKey(event, played, bar);
  document.addEventListener("keydown", listen);
  return {
    element: make("div", "els-slider", {}, button, bar, words),
    paint() {
      const step = Math.min(stepInView(), last);
      if (Number(bar.value) !== step) bar.value = String(step);
      setText(words, `Step ${whole(step)}`);
    },
    stop: () => document.removeEventListener("keydown", listen),
  };
}

/** What the keys do. @param {number} last @param {number[]} boundaries @param {{ stop: () => void, turn: () => void }} play
 * @param {Page} page @returns {import("../../film/js/keys.js").Played} */
function makePlayed(last, boundaries, play, page) {
  const ascending = [0, ...boundaries, last].sort((a, b) => a - b), stroke = Math.max(1, Math.round(last / STROKES));
  let rest = 0;
  const goTo = (/** @type {number} */ step) => {
    play.stop();
    moveTo(Math.min(last, Math.max(0, step)));
    clearTimeout(rest);
    rest = setTimeout(page.came, REST_MS);
  };
  return {
    steps: { length: last + 1 },
    toggle: play.turn,
    by: (n) => goTo(stepInView() + n * stroke),
    goTo,
    toBoundary: (direction) => goTo(boundaryFrom(stepInView(), ascending, direction)),
  };
}

/** The next boundary in a direction, or the last one there is.
 * @param {number} step @param {number[]} ascending @param {number} direction -1 or 1 */
export function boundaryFrom(step, ascending, direction) {
  const beyond = direction > 0 ? ascending.filter((at) => at > step) : ascending.filter((at) => at < step).reverse();
  return beyond[0] ?? step;
}

/** Plays from the step in view, or from the first where that is the last.
 * @param {number} last @param {() => boolean} isThere @param {(playing: boolean) => void} tell */
function makePlay(last, isThere, tell) {
  let request = 0, before = 0, at = 0;
  const stop = () => {
    cancelAnimationFrame(request);
    if (request) tell(false);
    request = 0;
  };
  const frame = (/** @type {number} */ now) => {
    at = Math.min(last, at + (Math.max(0, now - before) / PLAY_MS) * last);
    before = now;
    moveTo(Math.round(at));
    if (at >= last || !isThere()) stop();
    else request = requestAnimationFrame(frame);
  };
  return {
    stop,
    turn() {
      if (request) return stop();
      at = stepInView() >= last ? 0 : stepInView();
      before = performance.now();
      tell(true);
      request = requestAnimationFrame(frame);
    },
  };
}
