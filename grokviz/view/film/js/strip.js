// The strip: the loss curves under the hand, the phases above them, the controls and the narrator below.

/** @import { Theme, Timeline } from "./contract.js" */
/** @import { Film } from "./film.js" */
/** @import { AxisKind } from "./kit/axis.js" */
/** @import { Box, Plot } from "./kit/plot.js" */

import { logDomain } from "./kit/axis.js";
import { dot, makeDraggable, makeFigure } from "./kit/canvas.js";
import { decade } from "./kit/declared.js";
import { icon, make, makeMenu, picker, setText } from "./kit/dom.js";
import { curveSeries, drawCursor, drawPlotBackground, plotBox } from "./kit/plot.js";
import { phaseAt, phaseBands } from "./kit/timeline.js";
import { whole } from "./kit/wording.js";
import { narrate, spoken } from "./narrator.js";

const SPEEDS = [["0.5", "½×"], ["1", "1×"], ["2", "2×"], ["4", "4×"]];

const AXES = [["linear", "even steps"], ["root", "early steps wider"], ["log", "logarithmic"]];

/** Without a key frequency there is nothing to keep or to take away. @param {Timeline} timeline */
function circuitLosses(timeline) {
  return [
    curveSeries(timeline, "excluded_loss_train", "excluded", "excluded"),
    curveSeries(timeline, "restricted_loss_test", "restricted", "restricted"),
  ];
}

/** @param {Timeline} timeline @returns {Plot} */
function lossPlot(timeline) {
  const series = [
    curveSeries(timeline, "test_loss", "test", "test", "log_test_loss"),
    curveSeries(timeline, "train_loss", "train", "train", "log_train_loss"),
    ...(timeline.header.key_freqs.length ? circuitLosses(timeline) : []),
  ].filter(({ values }) => Array.from(values).some(Number.isFinite));
  return { rows: [{ kind: "log", domain: logDomain(series), series, format: decade }], top: 0 };
}

/** @param {Timeline} timeline @param {Film} film
 * @param {{ onlayout: () => void, menus: Node[], saves: Node[] }} page */
export function makeStrip(timeline, film, { onlayout, menus, saves }) {
  const { header } = timeline, plot = lossPlot(timeline), many = header.steps.length > 1;
  const figure = makeFigure("gv-strip-figure", "Loss curves on a log scale over training steps");
  const bands = phaseBands(header);
  const chips = bands.map((band) =>
    make("button", "gv-phase", { type: "button", text: band.name, title: `Go to the start of ${band.name}`, onclick: () => film.goTo(film.nearest(band.from)) }));
  const phaseRow = make("div", "gv-phases", {}, make("span", "gv-strip-title", { text: "loss" }), ...chips);
  const range = make("input", "gv-range", {
    type: "range", min: 0, max: header.steps.length - 1, step: 1, "aria-label": "Training step", disabled: !many,
  });
  range.oninput = () => film.goTo(Number(range.value), { eased: false });
  const invite = make("span", "gv-invite", { text: "drag", "aria-hidden": "true" });
  figure.holder.append(range, invite);

  const playButton = make("button", "gv-play", { type: "button", disabled: !many, onclick: () => film.toggle() });
  const speed = picker("Speed", SPEEDS, String(film.speed), (value) => (film.speed = Number(value)));
  const loop = make("input", "", { type: "checkbox", checked: film.loop });
  loop.onchange = () => (film.loop = loop.checked);
  const axis = picker("Time axis", AXES, film.axis.kind, (value) => {
    film.setAxis(/** @type {AxisKind} */ (value));
    film.axisIsChosen = true;
    onlayout();
  });
  const more = makeMenu("More", make("label", "", {}, make("span", "", { text: "Time axis" }), axis),
    make("label", "", {}, loop, make("span", "", { text: "Play in a loop" })), ...saves);
  const stepText = make("output", "gv-step"), phaseText = make("span", "gv-now");
  const controls = make("div", "gv-controls", {}, playButton, make("span", "gv-stepbox", {}, stepText, phaseText), make("span", "gv-spacer"), speed, ...menus, more);
  const narrator = make("p", "gv-narrator");
  const element = make("div", "gv-stage", {}, phaseRow, figure.holder, controls);
  let box = /** @type {Box | null} */ (null), shownPlaying = /** @type {boolean | null} */ (null);

  if (many) makeDraggable(figure.front, film, (x) => (box ? (x - box.left) / box.width : 0));

  /** @param {number} width @param {Theme} theme */
  function layout(width, theme) {
    figure.resize(width, width < 520 ? 158 : 186);
    box = plotBox(plot, figure.width, figure.height, theme);
    layPhases(box);
    phaseRow.style.setProperty("--left", `${box.left}px`);
    invite.style.left = `${box.left + film.axis.unitAt(film.position) * box.width}px`;
  }

  /** Each name over its band where all fit, else a row of names with their tints. @param {Box} box */
  function layPhases(box) {
    phaseRow.classList.remove("gv-legend");
    const places = bands.map(({ from, to }) => [film.axis.unit(from), film.axis.unit(to)].map((u) => box.left + u * box.width));
    chips.forEach((chip) => (chip.style.cssText = ""));
    const fits = places.every(([x0, x1], i) => chips[i].scrollWidth + 4 <= x1 - x0);
    phaseRow.classList.toggle("gv-legend", !fits);
    places.forEach(([x0, x1], i) => {
      if (fits) chips[i].style.cssText = `position:absolute;left:${x0}px;width:${x1 - x0}px`;
    });
  }

  /** @param {Theme} theme */
  function paint(theme) {
    if (!box) return;
    chips.forEach((chip, i) => chip.style.setProperty("--tint", theme.phases[bands[i].name]));
    if (figure.stale) {
      drawPlotBackground(figure.clear(figure.back), box, film.axis, header, theme);
      figure.stale = false;
    }
    const g = figure.clear(figure.front), x = drawCursor(g, box, film.axis, film.moment(), theme);
    dot(g, x, box.bottom, 7.5, theme.background);
    dot(g, x, box.bottom, 6, theme.text);
    if (!film.touched) invite.style.left = `${x}px`;
    invite.hidden = film.touched || !many;
  }

  /** @param {number} i */
  function tell(i) {
    setText(stepText, `step ${whole(header.steps[i])}`);
    const phase = phaseAt(header, header.steps[i]), { cleanup_to: done } = header.phases;
    setText(phaseText, phase ?? (done !== null && header.steps[i] >= done ? "understood" : ""));
    setText(narrator, narrate(timeline, i));
    range.value = String(i);
    range.setAttribute("aria-valuetext", spoken(timeline, i));
    figure.front.setAttribute("aria-label", `Loss curves on a log scale. Now at ${spoken(timeline, i)}.`);
  }

  function showPlaying() {
    if (film.playing === shownPlaying) return;
    shownPlaying = film.playing;
    playButton.replaceChildren(icon(film.playing ? "pause" : "play"));
    playButton.setAttribute("aria-label", film.playing ? "Pause" : "Play");
    playButton.title = film.playing ? "Pause (Space)" : "Play (Space)";
  }

  const caption = () => narrator.textContent ?? "";
  return { element, narrator, figure, range, layout, paint, tell, showPlaying, caption };
}
