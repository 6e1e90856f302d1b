// A sequence written out: how much one place looks at each token, and what it says where it is asked.

/** @import { Theme } from "../../film/js/contract.js" */
/** @import { Asked, Figure, Page, TokensData } from "./contract.js" */

import { make, setText } from "../../film/js/kit/dom.js";
import { percent, readable } from "../../film/js/kit/wording.js";
import { bytesOf, snapshotInView } from "./clock.js";

const BAR = 44; // pixels of a whole attention

/** @param {TokensData} data @param {Page} page @returns {Figure} */
export function makeTokens(data, page) {
  const looks = bytesOf(data.looks), asked = new Map(data.asked.map((one) => [one.place, one]));
  const cells = data.tokens.map((token, i) => makeCell(token, asked.get(i), looks.length > 0));
  const row = make("div", data.large ? "els-row els-large" : "els-row", { role: "img", "aria-label": data.label }, ...cells.map(({ cell }) => cell));

  /** @param {Theme} theme */
  function paint(theme) {
    const at = snapshotInView(data.steps), n = data.tokens.length;
    cells.forEach(({ cell, bar, guess, chance, question }, i) => {
      if (bar) bar.style.height = `${((looks[at * n + i] ?? 0) / 255) * BAR}px`;
      if (!question || !guess || !chance) return;
      const share = Math.min(1, question.loss[at] / data.plateau), isRight = question.guess[at] === question.right;
      cell.style.setProperty("--loss", `${Math.round(share * 100)}%`);
      cell.classList.toggle("els-wrong", !isRight);
      setText(guess, question.guess[at]);
      setText(chance, percent(question.chance[at]));
    });
  }
  row.onpointermove = (event) => page.say(about(data, looks, cells.findIndex(({ cell }) => cell.contains(/** @type {Node} */ (event.target)))));
  row.onpointerleave = () => page.say("");
  return { element: make("figure", "els-tokens", {}, row), paint };
}

/** @param {string} token @param {Asked | undefined} question @param {boolean} hasBars */
function makeCell(token, question, hasBars) {
  const bar = hasBars ? make("i", "els-look") : null;
  const guess = question ? make("span", "els-guess") : null, chance = question ? make("small", "els-chance") : null;
  const cell = make("span", question ? "els-cell els-asked" : "els-cell");
  if (bar) cell.append(make("span", "els-room", {}, bar));
  cell.append(make("b", "", { text: token }));
  if (guess && chance) cell.append(guess, chance);
  return { cell, bar, guess, chance, question };
}

/** @param {TokensData} data @param {Uint8Array} attention of every snapshot @param {number} i of the cell that is pointed at */
function about(data, attention, i) {
  if (i < 0) return "";
  const at = snapshotInView(data.steps), question = data.asked.find(({ place }) => place === i);
  const looks = attention[at * data.tokens.length + i];
  const looked = looks === undefined ? "" : `It is looked at with ${percent(Math.round((looks / 255) * 100) / 100)} of the attention. `;
  if (!question) return looked || `“${data.tokens[i]}”, which is not asked for.`;
  return `${looked}Right is “${question.right}”; the network says “${question.guess[at]}”, gives the right one ${percent(question.chance[at])}, and its loss is ${readable(question.loss[at])}.`;
}
