// When it groks: a cell for every combination of two settings, coloured by what became of its runs, a mark for each seed;
// a click or the arrow keys choose one. Beside it, small, the losses of the cell under the pointer or of the chosen one.

/** @import { Canvas, Theme } from "../../film/js/contract.js" */
/** @import { Losses, OutcomeCell, OutcomesData, Page, Picture } from "./contract.js" */

import { cleanCanvas, fitCanvas, line, makeCanvas, screenScale, write } from "../../film/js/kit/canvas.js";
import { make } from "../../film/js/kit/dom.js";
import { SMALL } from "../../film/js/kit/theme.js";
import { superscript, whole } from "../../film/js/kit/wording.js";

const LOSSES_WIDE = 250, LOSSES_HIGH = 170; // pixels, of the losses
const LOSS_PLACE = { left: 34, right: 46, top: 8, bottom: 30 };
/** @type {Record<string, [number, number]>} */
const CELL_MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {OutcomesData} data @param {Page} page @returns {Picture} */
export function makeOutcomes(data, page) {
  const canvas = makeCanvas("pic-canvas", "The losses of one cell over its steps"), title = make("p", "pic-cell-title");
  const legend = make("ul", "pic-legend pic-plain pic-fates", {}, ...data.fates.map((fate, i) => legendOfFate(fate, i)));
  /** @type {{ pointed: number }} */
  const state = { pointed: -1 };
  const look = (/** @type {number} */ index) => {
    state.pointed = index;
    page.say(index < 0 ? "" : cellInWords(data, index));
    page.repaint();
  };
  const grid = makeCellGrid(data, page, look);
  const beside = make("div", "pic-beside", {}, title, canvas);
  const holder = make("div", "pic-outcomes", {}, make("div", "pic-grid-side", {}, grid, legend), beside);

  /** @param {Theme} theme */
  function paint(theme) {
    const index = state.pointed >= 0 ? state.pointed : data.chosen, cell = data.cells[index];
    data.fates.forEach(({ name }, i) => holder.style.setProperty(`--fate-${i}`, PALETTE.fates[name][theme.dark ? "dark" : "light"]));
    title.textContent = cell ? cellPlace(data, index) : "Losses";
    const scale = screenScale();
    fitCanvas(canvas, LOSSES_WIDE, LOSSES_HIGH, scale);
    drawLosses(cleanCanvas(canvas, scale), data, cell, theme);
  }

  return { element: holder, paint };
}

/** @param {OutcomesData["fates"][number]} fate @param {number} index */
const legendOfFate = (fate, index) =>
  make("li", "", {}, make("span", `pic-fate pic-fate-${index}`, { text: fate.letter }), `${fate.mark} ${fate.name}: ${fate.words}`);

/** The cells with the names of rows and columns. One of them takes the focus; arrows move it.
 * @param {OutcomesData} data @param {Page} page @param {(index: number) => void} look */
function makeCellGrid(data, page, look) {
  const { rows, columns } = data, width = columns.values.length;
  const cells = data.cells.map((cell, i) => makeCellButton(data, cell, i));
  const start = data.chosen >= 0 ? data.chosen : 0;
  cells.forEach((button, i) => {
    button.tabIndex = i === start ? 0 : -1;
    button.onpointerenter = button.onfocus = () => look(i);
    button.onpointerleave = button.onblur = () => look(-1);
    button.onclick = () => page.pick({ a: Math.floor(i / width), b: i % width });
    button.onkeydown = (event) => {
      const to = cellBeside(i, CELL_MOVES[event.key], width, cells.length / width);
      if (to === null) return;
      event.preventDefault();
      event.stopPropagation(); // the film moves by arrows too
      [button.tabIndex, cells[to].tabIndex] = [-1, 0];
      cells[to].focus();
    };
  });
  const corner = make("span", "pic-axis pic-corner", { text: rows.title });
  const head = columns.values.map((value) => make("span", "pic-axis", { text: value }));
  const grid = make("div", "pic-grid", { role: "group", "aria-label": data.label }, corner, ...head);
  grid.style.gridTemplateColumns = `max-content repeat(${width}, minmax(0, 1fr))`;
  rows.values.forEach((value, r) => grid.append(make("span", "pic-axis pic-row", { text: value }), ...cells.slice(r * width, (r + 1) * width)));
  return make("div", "pic-grid-holder", {}, make("p", "pic-axis-title", { text: columns.title }), grid);
}

/** Where an arrow leads; null where nowhere.
 * @param {number} i @param {[number, number] | undefined} move @param {number} width @param {number} height */
export function cellBeside(i, move, width, height) {
  if (!move) return null;
  const row = Math.floor(i / width) + move[0], column = (i % width) + move[1];
  return row < 0 || row >= height || column < 0 || column >= width ? null : row * width + column;
}

/** @param {OutcomesData} data @param {OutcomeCell} cell @param {number} index */
function makeCellButton(data, cell, index) {
  const fate = data.fates[cell.fate], none = cell.fate < 0;
  const marks = cell.seeds.map((seed) => data.fates[seed.fate].mark).join(" ");
  const step = cell.step === null ? "" : whole(cell.step), seen = none ? "" : `${fate.letter} ${step}`.trim(); // said first, as it is seen
  return make("button", `pic-cell ${none ? "pic-none" : `pic-fate-${cell.fate}`}`, {
    type: "button", "aria-label": `${seen} ${cellInWords(data, index)}`, "aria-pressed": String(index === data.chosen),
  },
    make("span", "pic-cell-letter", { text: none ? "" : fate.letter }), " ",
    make("span", "pic-cell-step", { text: step }),
    make("span", "pic-cell-seeds", { "data-marks": marks }));
}

/** @param {OutcomesData} data @param {number} index */
const cellPlace = ({ rows, columns }, index) => {
  const width = columns.values.length;
  return `${columns.title} ${columns.values[index % width]}, ${rows.title.toLowerCase()} ${rows.values[Math.floor(index / width)]}`;
};

/** @param {OutcomesData} data @param {number} index */
export function cellInWords(data, index) {
  const { seeds } = data.cells[index], place = cellPlace(data, index);
  if (!seeds.length) return `${place}: not trained yet.`;
  return `${place}. ${seeds.map((seed) => `Seed ${seed.seed}: ${data.fates[seed.fate].name}, ${cellSteps(seed, data.budget)}`).join("; ")}.`;
}

/** @param {{ train: number | null, test: number | null }} seed @param {number} budget */
function cellSteps({ train, test }, budget) {
  if (train === null) return `not memorised in ${whole(budget)} steps`;
  const memorised = `memorised at ${whole(train)}`;
  return test === null ? `${memorised}, unseen pairs not in ${whole(budget)}` : `${memorised}, unseen pairs at ${whole(test)}`;
}

/** Both losses of each curve of the cell, on scales that are the same for all cells: steps and losses logarithmic.
 * @param {Canvas} g @param {OutcomesData} data @param {OutcomeCell | undefined} cell @param {Theme} theme */
function drawLosses(g, data, cell, theme) {
  const right = LOSSES_WIDE - LOSS_PLACE.right, bottom = LOSSES_HIGH - LOSS_PLACE.bottom, [low, high] = data.losses;
  const x = (/** @type {number} */ step) => LOSS_PLACE.left + (Math.log10(step + 1) / Math.log10(data.budget + 1)) * (right - LOSS_PLACE.left);
  const y = (/** @type {number} */ loss) => LOSS_PLACE.top + ((high - Math.max(low, Math.min(high, loss))) / (high - low)) * (bottom - LOSS_PLACE.top);
  [g.font, g.fillStyle, g.strokeStyle] = [theme.font(SMALL), theme.muted, theme.faint];
  for (const loss of [0, low]) {
    line(g, LOSS_PLACE.left, y(loss), right, y(loss));
    write(g, loss ? `10${superscript(loss)}` : "1", LOSS_PLACE.left - 4, y(loss), "right");
  }
  for (const step of [0, 9, 99, 999].filter((s) => s < data.budget)) write(g, whole(step + (step ? 1 : 0)), x(step), bottom + 10, "center");
  write(g, "step", (LOSS_PLACE.left + right) / 2, bottom + 23, "center");
  if (!cell?.curves.length) return write(g, "not trained yet", (LOSS_PLACE.left + right) / 2, (LOSS_PLACE.top + bottom) / 2, "center");
  for (const losses of cell.curves)
    for (const name of /** @type {const} */ (["train", "test"])) drawLossCurve(g, losses, name, { x, y }, theme);
  nameLosses(g, cell.curves.reduce((one, other) => (other.step.length > one.step.length ? other : one)), { x, y }, theme);
}

/** @typedef {{ x: (step: number) => number, y: (loss: number) => number }} Scales */

/** @param {Canvas} g @param {Losses} losses @param {"train" | "test"} name @param {Scales} at @param {Theme} theme */
function drawLossCurve(g, losses, name, at, theme) {
  const { line: colour, dash } = theme.series[name];
  g.strokeStyle = colour;
  g.lineWidth = 1.6;
  g.setLineDash(dash);
  g.beginPath();
  losses.step.forEach((step, i) => g[i ? "lineTo" : "moveTo"](at.x(step), at.y(losses[name][i])));
  g.stroke();
  g.setLineDash([]);
  g.lineWidth = 1;
}

/** The names of both at their ends, apart from each other.
 * @param {Canvas} g @param {Losses} losses @param {Scales} at @param {Theme} theme */
function nameLosses(g, losses, at, theme) {
  const last = losses.step.length - 1, x = at.x(losses.step[last]) + 5;
  let [train, test] = [at.y(losses.train[last]), at.y(losses.test[last])];
  if (Math.abs(train - test) < 13) [train, test] = train < test ? [train - 6, train + 7] : [test + 7, test - 6];
  g.font = theme.font(SMALL, 600);
  g.fillStyle = theme.series.train.text;
  write(g, "train", x, train);
  g.fillStyle = theme.series.test.text;
  write(g, "test", x, test);
}
