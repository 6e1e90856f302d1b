// Every question of the run, right or wrong: a click or the arrow keys choose the one that the page follows.

/** @import { Panel } from "../contract.js" */

import { mapPlace } from "../kit/maps.js";
import { answersPanel } from "../panels/answers.js";
import { drawChosen, listenToClicks } from "./choosing.js";

const CHOSEN_MS = 300; // a key that is held down chooses where it ends
/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {{ id: string, a: number, b: number }} spec the pair that is followed @returns {Panel<any>} */
export function asked({ id, a, b }) {
  let pair = /** @type {[number, number]} */ ([a, b]), later = 0;
  return {
    ...answersPanel, id, title: "Every question: right or wrong", howto: "",
    uses: ["pair"],
    height: (timeline, width) => Math.min(width, 460),
    live(g, own, context) {
      answersPanel.live(g, own, context);
      const { width, height, scale, timeline, theme } = context, { p } = timeline.header;
      drawChosen(g, mapPlace(width, height, scale, p), p, pair, theme);
    },
    listen(canvas, now, page) {
      canvas.tabIndex = 0;
      const choose = (/** @type {[number, number]} */ chosen, wait = 0) => {
        pair = chosen;
        page.draw();
        clearTimeout(later);
        later = setTimeout(() => page.pick({ a: chosen[0], b: chosen[1] }), wait);
      };
      listenToClicks(canvas, now, choose);
      canvas.onkeydown = (event) => {
        const move = MOVES[event.key], p = now()?.context.timeline.header.p;
        if (!move || !p) return;
        event.preventDefault();
        event.stopPropagation(); // the film moves by arrows too
        choose([(pair[0] + move[0] + p) % p, (pair[1] + move[1] + p) % p], CHOSEN_MS);
      };
    },
  };
}
