// When it groks: a cell for every combination of two settings, coloured by what became of its runs, a mark for each seed;
// a click or the arrow keys choose one. Beside it, small, the losses of the cell under the pointer or of the chosen one.
// What the runs are called by each rule has come with the data: the switch between rules and the filter ask nobody.

/** @import { Canvas, Theme } from "../../film/js/contract.js" */
/** @import { Judged, Losses, MapChoice, MapPart, OutcomeCell, OutcomesData, Page, Picture } from "./contract.js" */

import { cleanCanvas, fitCanvas, line, makeCanvas, screenScale, write } from "../../film/js/kit/canvas.js";
import { make } from "../../film/js/kit/dom.js";
import { SMALL } from "../../film/js/kit/theme.js";
import { superscript, whole } from "../../film/js/kit/wording.js";

const LOSSES_WIDE = 250, LOSSES_HIGH = 170; // pixels, of the losses
const LOSS_PLACE = { left: 34, right: 46, top: 8, bottom: 30 };
/** @type {Record<string, [number, number]>} */
const CELL_MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** What the maps of a page tell each other: all are coloured by one rule, and one cell is chosen among them. */
const MAP_TOLD = "grokviz-map";

/** @param {OutcomesData} data @param {Page} page @returns {Picture} */
export function makeOutcomes(data, page) {
  const canvas = makeCanvas("pic-canvas", "The losses of one cell over its steps"), title = make("p", "pic-cell-title");
  const state = { ...data.state, pointed: -1 };
  const point = (/** @type {number} */ index) => {
    state.pointed = index;
    page.say(index < 0 ? "" : cellInWords(data, index, state.rule));
    page.repaint();
  };
  /** @param {Partial<MapChoice>} change */
  const choose = (change) => {
    const { rule, cell, only } = Object.assign(state, change);
    show();
    page.pick({ rule, cell, only });
    globalThis.dispatchEvent(new CustomEvent(MAP_TOLD, { detail: { by: holder, rule, cell, only } }));
  };
  const parts = [makeRules(data, choose), makeCellGrid(data, state, choose, point), makeFates(data, state, choose)];
  const beside = make("div", "pic-beside", {}, title, canvas);
  const side = make("div", "pic-grid-side", {}, ...parts.map((part) => part.element));
  const holder = make("div", "pic-outcomes", {}, side, beside);
  const show = () => {
    parts.forEach((part) => part.show(state));
    page.repaint();
  };
  const stop = listenToMaps(holder, state, show);
  show();

  /** @param {Theme} theme */
  function paint(theme) {
    const index = state.pointed >= 0 ? state.pointed : state.cell, cell = data.cells[index];
    data.fates.forEach(({ name }, i) => holder.style.setProperty(`--fate-${i}`, PALETTE.fates[name][theme.dark ? "dark" : "light"]));
    title.textContent = cell ? cellPlace(data, index) : "Losses";
    const scale = screenScale();
    fitCanvas(canvas, LOSSES_WIDE, LOSSES_HIGH, scale);
    drawLosses(cleanCanvas(canvas, scale), data, cell, theme);
  }

  return { element: holder, paint, stop };
}

/** Follow the other maps of the page. What ends it.
 * @param {Element} holder @param {MapChoice} state @param {() => void} show */
function listenToMaps(holder, state, show) {
  const hear = (/** @type {Event} */ event) => {
    const { by, rule, cell, only } = /** @type {CustomEvent} */ (event).detail;
    if (by === holder) return;
    Object.assign(state, { rule, only, cell: cell < 0 ? state.cell : -1 });
    show();
  };
  globalThis.addEventListener(MAP_TOLD, hear);
  return () => globalThis.removeEventListener(MAP_TOLD, hear);
}

/** The switch between the rules, with the words of the one that colours the map.
 * @param {OutcomesData} data @param {(change: Partial<MapChoice>) => void} choose @returns {MapPart} */
function makeRules({ rules }, choose) {
  const buttons = rules.map((rule, i) => make("button", "pic-button", { type: "button", text: rule.title, onclick: () => choose({ rule: i }) }));
  const words = rules.map((rule) => make("p", "", { text: `Coloured by “${rule.title}”: ${rule.words}` }));
  const row = make("div", "pic-switch", { role: "group", "aria-label": "What counts as grokking" }, "What counts as grokking", ...buttons);
  const show = (/** @type {MapChoice} */ state) => {
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === state.rule)));
    words.forEach((text, i) => text.classList.toggle("pic-unseen", i !== state.rule)); // it keeps its room
  };
  return { element: make("div", "pic-rules", {}, row, make("div", "pic-rule-words", {}, ...words)), show };
}

/** What can have become of a run, and of how many it has: each lets the cells that have such a run stand out.
 * @param {OutcomesData} data @param {MapChoice} state @param {(change: Partial<MapChoice>) => void} choose @returns {MapPart} */
function makeFates(data, state, choose) {
  const counts = data.fates.map(() => make("span", "pic-fate-count"));
  const buttons = data.fates.map((fate, i) =>
    make("button", "pic-fate-button", { type: "button", title: "Show where", onclick: () => choose({ only: state.only === i ? -1 : i }) },
      make("span", `pic-fate pic-fate-${i}`, { text: fate.letter }), `${fate.mark} ${fate.name}: ${fate.words}, `, counts[i]));
  const show = () => {
    const seeds = data.cells.flatMap((cell) => cell.seeds);
    counts.forEach((count, i) => {
      const many = seeds.filter((seed) => seed.by[state.rule].fate === i).length;
      count.textContent = `${whole(many)} of ${whole(seeds.length)} runs`;
    });
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === state.only)));
  };
  return { element: make("div", "pic-fates", { role: "group", "aria-label": "Show where" }, ...buttons), show };
}

/** The cells with the names of rows and columns. One of them takes the focus; arrows move it.
 * @param {OutcomesData} data @param {MapChoice} state @param {(change: Partial<MapChoice>) => void} choose
 * @param {(index: number) => void} point @returns {MapPart} */
function makeCellGrid(data, state, choose, point) {
  const { rows, columns } = data, width = columns.values.length, dresses = data.cells.map((_, i) => makeCellButton(data, i));
  const cells = dresses.map(({ button }) => button), start = Math.max(state.cell, 0);
  cells.forEach((button, i) => {
    button.tabIndex = i === start ? 0 : -1;
    button.onpointerenter = button.onfocus = () => point(i);
    button.onpointerleave = button.onblur = () => point(-1);
    button.onclick = () => choose({ cell: i });
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
  const holder = make("div", "pic-grid-holder", {}, make("p", "pic-axis-title", { text: columns.title }), grid);
  return { element: holder, show: (now) => dresses.forEach(({ show }) => show(now)) };
}

/** Where an arrow leads; null where nowhere.
 * @param {number} i @param {[number, number] | undefined} move @param {number} width @param {number} height */
export function cellBeside(i, move, width, height) {
  if (!move) return null;
  const row = Math.floor(i / width) + move[0], column = (i % width) + move[1];
  return row < 0 || row >= height || column < 0 || column >= width ? null : row * width + column;
}

/** What became of a cell by a rule: of the seed in the middle, null where none is over.
 * @param {OutcomesData} data @param {OutcomeCell} cell @param {number} rule */
export function fateOfCell(data, cell, rule) {
  if (!cell.seeds.length) return null;
  const { fate, test } = cell.seeds[cell.middle[rule]].by[rule];
  return { fate, step: data.fates[fate].understands ? test : null };
}

/** One cell, and what shows it by a rule.
 * @param {OutcomesData} data @param {number} index */
function makeCellButton(data, index) {
  const letter = make("span", "pic-cell-letter"), step = make("span", "pic-cell-step"), seeds = make("span", "pic-cell-seeds");
  const button = make("button", "pic-cell", { type: "button" }, letter, " ", step, seeds), cell = data.cells[index];
  const show = (/** @type {MapChoice} */ { rule, cell: chosen, only }) => {
    const known = fateOfCell(data, cell, rule), isThere = only < 0 || cell.seeds.some((seed) => seed.by[rule].fate === only);
    const looks = [known ? `pic-fate-${known.fate}` : "pic-none", ...(isThere ? [] : ["pic-faded"]), ...(cell.kept ? ["pic-kept"] : [])];
    button.className = `pic-cell ${looks.join(" ")}`;
    letter.textContent = known ? data.fates[known.fate].letter : "";
    step.textContent = known?.step ? whole(known.step) : "";
    seeds.dataset.marks = cell.seeds.map((seed) => data.fates[seed.by[rule].fate].mark).join(" ");
    const seen = `${letter.textContent} ${step.textContent}`.trim(); // said first, as it is seen
    button.setAttribute("aria-label", `${seen} ${cellInWords(data, index, rule)}`);
    button.setAttribute("aria-pressed", String(index === chosen));
  };
  return { button, show };
}

/** @param {OutcomesData} data @param {number} index */
const cellPlace = ({ rows, columns }, index) => {
  const width = columns.values.length;
  return `${columns.title} ${columns.values[index % width]}, ${rows.title.toLowerCase()} ${rows.values[Math.floor(index / width)]}`;
};

/** @param {OutcomesData} data @param {number} index @param {number} rule */
export function cellInWords(data, index, rule) {
  const { seeds } = data.cells[index], place = cellPlace(data, index);
  if (!seeds.length) return `${place}: not trained yet.`;
  const told = seeds.map(({ seed, by }) => `Seed ${seed}: ${data.fates[by[rule].fate].name}, ${cellSteps(by[rule], data.budget)}`);
  return `${place}. ${told.join("; ")}.${data.cells[index].kept ? " A run of it can be opened." : ""}`;
}

/** @param {Judged} seed @param {number} budget */
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
  if (!cell?.curves.length) return write(g, cell ? "not trained yet" : "point at a cell", (LOSS_PLACE.left + right) / 2, (LOSS_PLACE.top + bottom) / 2, "center");
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
