// One wave over the answers for each frequency, in lanes below each other, and their sum: it peaks where all agree.

/** @import { Canvas, Hover, Theme } from "../../film/js/contract.js" */
/** @import { Page, Picture, WavesData } from "./contract.js" */

import { cleanCanvas, fitCanvas, line, makeCanvas, screenScale } from "../../film/js/kit/canvas.js";
import { make } from "../../film/js/kit/dom.js";
import { marked, NOTHING, pointAt } from "../../film/js/kit/hover.js";
import { drawWaves, wavesHeight, wavesPlace } from "../../film/js/kit/waves.js";
import { readable, whole } from "../../film/js/kit/wording.js";

/** @param {WavesData} data @param {Page} page @returns {Picture} */
export function makeWaves(data, page) {
  const canvas = makeCanvas("pic-canvas", data.label), holder = make("div", "pic-waves", {}, canvas);
  const height = wavesHeight(data.lanes.length), n = data.numbers.length, waves = { ...data, names: whole };
  let place = wavesPlace(0, n), own = NOTHING; // what is pointed at here, where the numbers are nobody else's

  /** @param {Theme} theme @param {Hover} hover */
  function paint(theme, hover) {
    place = wavesPlace(Math.floor(holder.clientWidth), n);
    if (!place.width) return;
    const scale = screenScale();
    fitCanvas(canvas, place.width, height, scale);
    drawWaves(cleanCanvas(canvas, scale), waves, place, height, theme);
    const g = /** @type {Canvas} */ (canvas.getContext("2d"));
    g.strokeStyle = theme.muted;
    for (const number of marked(data.shared ? hover : own, "answers")) {
      const i = data.numbers.indexOf(number);
      if (i >= 0) line(g, place.x(i), 24, place.x(i), height - 30);
    }
  }

  /** @param {Hover} hover */
  function point(hover) {
    if (data.shared) return pointAt(hover);
    own = hover;
    page.repaint();
  }

  canvas.onpointermove = (event) => {
    const i = Math.max(0, Math.min(n - 1, Math.round(((event.offsetX - place.left) / (place.right - place.left)) * (n - 1))));
    point({ numbers: [data.numbers[i]], pair: null, answer: null });
    const parts = data.lanes.map((lane) => `${lane.title}: ${readable(lane.actual[i])}`).join(", ");
    page.say(`answer ${whole(data.numbers[i])}: logit ${readable(data.total.actual[i])}, waves add up to ${readable(data.total.ideal[i])} (${parts})`);
  };
  canvas.onpointerleave = () => {
    point(NOTHING);
    page.say("");
  };
  return { element: holder, paint };
}
