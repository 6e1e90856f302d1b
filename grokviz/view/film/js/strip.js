// The strip: the loss curves under the hand, the phases above them, the controls and the narrator below.

/** @import { Canvas, Edges, Header, Theme, Timeline } from "./contract.js" */
/** @import { Film } from "./film.js" */
/** @import { makeMoments } from "./moments.js" */
/** @import { Box, Plot } from "./kit/plot.js" */

import { makeControls } from "./controls.js";
import { logDomain } from "./kit/axis.js";
import { dot, makeDraggable, makeFigure } from "./kit/canvas.js";
import { decade } from "./kit/declared.js";
import { make, setText } from "./kit/dom.js";
import { freePlace } from "./kit/labels.js";
import { curveSeries, drawCursor, drawPlotBackground, plotBox } from "./kit/plot.js";
import { phaseAt } from "./kit/timeline.js";
import { narrate, spoken } from "./narrator.js";
import { makePhaseRow } from "./phase-row.js";

/** @typedef {ReturnType<typeof makeMoments>} Moments */

/** What a strip draws and says: of one run, or of several.
 * @typedef {object} Subject
 * @property {Plot} plot
 * @property {Header} header whose phases and changes are drawn behind the curves
 * @property {Pick<ReturnType<typeof makePhaseRow>, "element" | "layout" | "tint">} phases
 * @property {(i: number) => string} now where it is at snapshot i, in two words
 * @property {(i: number) => string} say the sentence of that snapshot
 * @property {string[]} sentences others that may stand in its place
 * @property {(i: number) => string} spoken what a screen reader hears of it
 * @property {(i: number) => void} tell
 */

/** One run. @param {Timeline} timeline @param {Film} film @param {Moments} moments @returns {Subject} */
export function lossSubject(timeline, film, moments) {
  const { header } = timeline;
  return {
    plot: lossPlot(timeline), header, phases: makePhaseRow(film),
    now(i) {
      const step = header.steps[i], { cleanup_to: done } = header.phases;
      return phaseAt(header, step) ?? (done !== null && step >= done ? "understood" : "");
    },
    say: (i) => moments.sentence(i) ?? narrate(timeline, i),
    sentences: [...moments.sentences, ...header.steps.map((_, i) => narrate(timeline, i))],
    spoken: (i) => spoken(timeline, i),
    tell: moments.tell,
  };
}

/** @param {Timeline} timeline @returns {Plot} */
function lossPlot(timeline) { // what the circuit does alone and what is left without it stand among the measures
  const series = [
    curveSeries(timeline, "test_loss", "test", "test", "log_test_loss"),
    curveSeries(timeline, "train_loss", "train", "train", "log_train_loss"),
  ].filter(({ values }) => Array.from(values).some(Number.isFinite));
  return { rows: [{ kind: "log", domain: logDomain(series), series, format: decade }], top: 0 };
}

/** @param {Subject} subject @param {Film} film
 * @param {{ onlayout: () => void, menus: Node[], saves: Node[], margins: Edges | null }} page `margins` at least,
 *   where figures under it share its axis, whose ticks and names may be longer */
export function makeStrip(subject, film, page) {
  const { plot, phases } = subject, many = film.steps.length > 1;
  const figure = makeFigure("gv-strip-figure", "Loss curves on a log scale over training steps");
  const controls = makeControls(film, page), narrator = makeNarrator(subject), range = makeRange(film);
  const invite = make("span", "gv-invite", { text: "drag", "aria-hidden": "true" });
  figure.holder.append(range, invite);
  let box = /** @type {Box | null} */ (null);
  if (many) makeDraggable(figure.front, film, (x) => (box ? (x - box.left) / box.width : 0));
  return {
    element: make("div", "gv-stage", {}, phases.element, figure.holder, controls.element),
    narrator: narrator.element, figure, range, spoken: subject.spoken,
    showPlaying: controls.showPlaying,
    caption: () => narrator.element.textContent ?? "",
    /** The curves fill what is in sight of the figure. @param {number} width @param {Theme} theme
     * @param {number} hidden pixels of the strip that are out of sight at its top @param {number} [height] of the curves */
    layout(width, theme, hidden, height = width < 520 ? 158 : 186) {
      figure.resize(width, height);
      plot.top = hidden ? Math.max(0, hidden - figure.holder.offsetTop) + 5 : 0;
      box = stripBox(plot, figure, theme, width >= 520 ? page.margins : null);
      film.edges = { left: box.left, right: box.margin };
      phases.layout(box, theme);
    },
    /** @param {Theme} theme */
    paint(theme) {
      if (!box) return;
      if (figure.stale) {
        phases.tint(theme);
        drawPlotBackground(figure.clear(figure.back), box, film.axis, subject.header, theme);
        figure.stale = false;
      }
      const { x, heights } = drawHandle(figure.clear(figure.front), box, film, subject.header, theme);
      invite.hidden = film.touched || !many || plot.top > 0;
      if (!invite.hidden) placeInvite(invite, box, x, heights);
    },
    /** @param {number} i */
    tell(i) {
      controls.tell(i, subject.now(i));
      narrator.tell(i);
      range.value = String(i);
      range.setAttribute("aria-valuetext", subject.spoken(i));
      figure.front.setAttribute("aria-label", `Loss curves on a log scale. Now at ${subject.spoken(i)}.`);
    },
  };
}

/** @param {Plot} plot @param {{ width: number, height: number }} figure @param {Theme} theme
 * @param {Edges | null} margins */
function stripBox(plot, { width, height }, theme, margins) {
  const box = plotBox(plot, width, height, theme);
  return margins ? plotBox(plot, width, height, theme, { left: Math.max(box.left, margins.left), right: Math.max(box.margin, margins.right) }) : box;
}

/** The sentence of the step, with room for the longest that this run has: what stands below it never moves.
 * @param {Subject} subject */
function makeNarrator({ say, sentences, tell }) {
  const longest = sentences.reduce((a, b) => (b.length > a.length ? b : a));
  const said = make("span"), room = make("span", "gv-room", { "aria-hidden": "true", "data-words": longest });
  return {
    element: make("p", "gv-narrator", {}, said, room),
    /** @param {number} i */
    tell(i) {
      setText(said, say(i));
      tell(i);
    },
  };
}

/** The strip for the keyboard and a screen reader: a slider that is not seen. @param {Film} film */
function makeRange(film) {
  const last = film.steps.length - 1;
  const range = make("input", "gv-range", { type: "range", min: 0, max: last, step: 1, "aria-label": "Training step", disabled: !last });
  range.oninput = () => film.goTo(Number(range.value), { eased: false });
  return range;
}

/** Above the knob, clear of the ticks below it and of the values beside the cursor, and never beyond the plot.
 * @param {HTMLElement} invite @param {Box} box @param {number} x of the cursor @param {number[]} heights of the values */
function placeInvite(invite, box, x, heights) {
  const half = invite.offsetWidth / 2;
  invite.style.left = `${Math.max(box.left, Math.min(box.right - 2 * half, x - half))}px`;
  invite.style.top = `${freePlace(heights, box.bottom - 20, 19) - 10}px`;
}

/** The cursor, with a knob at its foot. Returns its place and the heights of the values beside it.
 * @param {Canvas} g @param {Box} box @param {Film} film @param {Header} header @param {Theme} theme */
function drawHandle(g, box, film, header, theme) {
  const cursor = drawCursor(g, box, film.axis, film.moment(), header, theme), { x } = cursor;
  dot(g, x, box.bottom, 7.5, theme.background);
  dot(g, x, box.bottom, 6, theme.text);
  return cursor;
}
