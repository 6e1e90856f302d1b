// Which token looks at which, head by head: rows look at columns, and the brighter the more.

/** @import { Canvas, Theme } from "../../film/js/contract.js" */
/** @import { Figure, MapsData, Page } from "./contract.js" */

import { fitCanvas, makeCanvas, screenScale } from "../../film/js/kit/canvas.js";
import { make } from "../../film/js/kit/dom.js";
import { makePicture } from "../../film/js/kit/maps.js";
import { percent } from "../../film/js/kit/wording.js";
import { bytesOf, snapshotInView } from "./clock.js";

const WIDEST = 380; // pixels

/** @param {MapsData} data @param {Page} page @returns {Figure} */
export function makeMaps(data, page) {
  const n = data.tokens.length;
  const heads = data.heads.map(({ title, cells }) => {
    const canvas = makeCanvas("els-canvas", `${data.label}: ${title}`);
    const figure = make("figure", "els-map", {}, make("figcaption", "els-title", { text: title }), canvas);
    return { canvas, figure, cells: bytesOf(cells), image: makePicture(n) };
  });
  const element = make("div", "els-maps", {}, ...heads.map(({ figure }) => figure));
  for (const head of heads) listenToMap(head.canvas, head.cells, data, page);

  /** @param {Theme} theme */
  function paint(theme) {
    const at = snapshotInView(data.steps), scale = screenScale();
    for (const { canvas, figure, cells, image } of heads) {
      const size = Math.min(WIDEST, Math.floor(figure.clientWidth));
      if (size < 20) continue;
      for (let i = 0; i < n * n; i++) {
        const isPast = i % n <= Math.floor(i / n), colours = theme.cividis;
        image.words[i] = isPast ? colours[Math.round(Math.sqrt(cells[at * n * n + i] * 255))] : 0; // so that a tenth is seen
      }
      image.flush();
      fitCanvas(canvas, size, size, scale);
      const g = /** @type {Canvas} */ (canvas.getContext("2d"));
      g.imageSmoothingEnabled = false;
      g.drawImage(image.canvas, 0, 0, canvas.width, canvas.height);
    }
  }
  return { element, paint };
}

/** @param {HTMLCanvasElement} canvas @param {Uint8Array} cells @param {MapsData} data @param {Page} page */
function listenToMap(canvas, cells, data, page) {
  const n = data.tokens.length;
  canvas.onpointermove = ({ offsetX, offsetY }) => {
    const row = Math.floor((offsetY / canvas.clientHeight) * n), column = Math.floor((offsetX / canvas.clientWidth) * n);
    if (!(row >= 0 && row < n && column >= 0 && column < n)) return page.say("");
    const share = cells[snapshotInView(data.steps) * n * n + row * n + column] / 255;
    const words = `Token ${row + 1}, “${data.tokens[row]}”, looks at token ${column + 1}, “${data.tokens[column]}”`;
    page.say(column > row ? `${words} never: that one is still to come.` : `${words} with ${percent(Math.round(share * 100) / 100)} of its attention.`);
  };
  canvas.onpointerleave = () => page.say("");
}
