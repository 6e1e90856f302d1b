// The two parts of the toy: QK, how much each token is looked at, and OV, what it says if it is.

/** @import { Canvas, Theme } from "../../film/js/contract.js" */
/** @import { Figure, Page, PartsData } from "./contract.js" */

import { cleanCanvas, fitCanvas, line, makeCanvas, screenScale, write } from "../../film/js/kit/canvas.js";
import { mixed, parseColour } from "../../film/js/kit/colours.js";
import { make } from "../../film/js/kit/dom.js";
import { SMALL } from "../../film/js/kit/theme.js";
import { readable } from "../../film/js/kit/wording.js";
import { bytesOf, snapshotInView } from "./clock.js";

const BARS = 96, GAP = 34, CELL = 15, LEFT_ROOM = 96, LABELS = 20; // pixels

/** @param {PartsData} data @param {Page} page @returns {Figure} */
export function makeParts(data, page) {
  const canvas = makeCanvas("els-canvas", data.label), element = make("figure", "els-parts", {}, canvas);
  const says = bytesOf(data.says), height = BARS + GAP + CELL * data.answers.length + LABELS;
  const cellOf = (/** @type {number} */ width) => Math.min(30, (width - LEFT_ROOM - 2) / data.tokens.length);

  /** @param {Theme} theme */
  function paint(theme) {
    const width = Math.floor(element.clientWidth), scale = screenScale(), cell = cellOf(width);
    if (cell < 4) return;
    fitCanvas(canvas, width, height, scale);
    const g = cleanCanvas(canvas, scale), at = snapshotInView(data.steps);
    g.font = theme.font(SMALL);
    drawLooked(g, data, at, cell, theme);
    drawSays(g, data, says, at, cell, theme);
  }
  canvas.onpointermove = ({ offsetX, offsetY }) => {
    const at = snapshotInView(data.steps), token = Math.floor((offsetX - LEFT_ROOM) / cellOf(canvas.clientWidth));
    const answer = Math.floor((offsetY - BARS - GAP) / CELL);
    if (!(token >= 0 && token < data.tokens.length)) return page.say("");
    const looked = `Token ${data.tokens[token]}: QK is ${readable(data.looked[at][token])}`;
    page.say(answer >= 0 && answer < data.answers.length
      ? `${looked}, and it says ${readable(saidOf(data, says, at, token, answer))} for answer ${data.answers[answer]}.` : `${looked}.`);
  };
  canvas.onpointerleave = () => page.say("");
  return { element, paint };
}

/** @param {PartsData} data @param {Uint8Array} says @param {number} at @param {number} token @param {number} answer */
const saidOf = ({ tokens, answers, reach }, says, at, token, answer) =>
  ((says[(at * tokens.length + token) * answers.length + answer] - 127) / 127) * reach;

/** @param {Canvas} g @param {PartsData} data @param {number} at @param {number} cell @param {Theme} theme */
function drawLooked(g, data, at, cell, theme) {
  const middle = BARS / 2 + 6, half = BARS / 2 - 4;
  g.fillStyle = theme.text;
  write(g, "QK: looked at", 0, middle);
  g.strokeStyle = theme.faint;
  line(g, LEFT_ROOM, middle, LEFT_ROOM + cell * data.tokens.length, middle);
  data.looked[at].forEach((value, i) => {
    const size = (value / data.most) * half;
    g.fillStyle = theme.frequency(0);
    g.fillRect(LEFT_ROOM + i * cell + 1, Math.min(middle, middle - size), cell - 2, Math.abs(size));
    g.fillStyle = theme.muted;
    if (cell > 9) write(g, data.tokens[i], LEFT_ROOM + (i + 0.5) * cell, BARS + 18, "center", "alphabetic");
  });
}

/** @param {Canvas} g @param {PartsData} data @param {Uint8Array} says @param {number} at @param {number} cell
 * @param {Theme} theme */
function drawSays(g, data, says, at, cell, theme) {
  const top = BARS + GAP - 8, paper = theme.paper, [up, down] = [0, 1].map((i) => parseColour(theme.frequency(i), "#0072b2"));
  g.fillStyle = theme.text;
  write(g, "OV: what it says", 0, top + (CELL * data.answers.length) / 2);
  for (let token = 0; token < data.tokens.length; token++) {
    for (let answer = 0; answer < data.answers.length; answer++) {
      const value = saidOf(data, says, at, token, answer) / data.reach, ink = value > 0 ? up : down, share = Math.abs(value);
      g.fillStyle = mixed(paper, ink, share);
      g.fillRect(LEFT_ROOM + token * cell, top + answer * CELL, cell - 0.5, CELL - 0.5);
    }
  }
}
