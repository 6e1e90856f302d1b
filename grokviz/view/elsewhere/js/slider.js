// The bar that moves the step of all figures, and a button that plays it.

/** @import { Page } from "./contract.js" */

import { icon, make, setText } from "../../film/js/kit/dom.js";
import { whole } from "../../film/js/kit/wording.js";
import { moveTo, stepInView } from "./clock.js";

const PLAY_MS = 9000; // from the first step to the last

/** @param {number} last step @param {Page} page */
export function makeSlider(last, page) {
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
  return {
    element: make("div", "els-slider", {}, button, bar, words),
    paint() {
      const step = Math.min(stepInView(), last);
      if (Number(bar.value) !== step) bar.value = String(step);
      setText(words, `Step ${whole(step)}`);
    },
  };
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
