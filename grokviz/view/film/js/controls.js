// The controls under the strip: play, speed, the time axis, and the step in words.

/** @import { Film } from "./film.js" */
/** @import { AxisKind } from "./kit/axis.js" */

import { icon, make, makeMenu, picker, setText } from "./kit/dom.js";
import { whole } from "./kit/wording.js";

const SPEEDS = [["0.5", "½×"], ["1", "1×"], ["2", "2×"], ["4", "4×"]];
const AXES = [["linear", "even steps"], ["root", "early steps wider"], ["log", "logarithmic"]];

/** @param {Film} film @param {{ onlayout: () => void, menus: Node[], saves: Node[] }} page */
export function makeControls(film, { onlayout, menus, saves }) {
  const play = make("button", "gv-play", { type: "button", disabled: film.steps.length < 2, onclick: () => film.toggle() });
  const speed = picker("Speed", SPEEDS, String(film.speed), (value) => (film.speed = Number(value)));
  const more = makeMenu("More", ...makeChoices(film, onlayout), ...saves);
  const step = make("output", "gv-step"), phase = make("span", "gv-now");
  const element = make("div", "gv-controls", {}, play, make("span", "gv-stepbox", {}, step, phase), make("span", "gv-spacer"), speed, ...menus, more);
  let shown = /** @type {boolean | null} */ (null);

  /** @param {number} i @param {string} now where the run is then, in words */
  function tell(i, now) {
    setText(step, `step ${whole(film.steps[i])}`);
    setText(phase, now);
  }

  function showPlaying() {
    if (film.playing === shown) return;
    shown = film.playing;
    play.replaceChildren(icon(film.playing ? "pause" : "play"));
    play.setAttribute("aria-label", film.playing ? "Pause" : "Play");
    play.title = film.playing ? "Pause (Space)" : "Play (Space)";
  }

  return { element, tell, showPlaying };
}

/** How the film plays, as entries of a menu. @param {Film} film @param {() => void} onlayout */
function makeChoices(film, onlayout) {
  const loop = make("input", "", { type: "checkbox", checked: film.loop });
  loop.onchange = () => (film.loop = loop.checked);
  const axis = picker("Time axis", AXES, film.axis.kind, (value) => {
    film.setAxis(/** @type {AxisKind} */ (value));
    film.axisIsChosen = true;
    onlayout();
  });
  return [
    make("label", "", {}, make("span", "", { text: "Time axis" }), axis),
    make("label", "", {}, loop, make("span", "", { text: "Play in a loop" })),
  ];
}
