// The film: where it stands, whether it plays, and who is told. No drawing, no DOM beyond the clock.

/** @import { Edges, Header, Moment } from "./contract.js" */
/** @import { AxisKind } from "./kit/axis.js" */

import { bestAxis, makeAxis, nearestStep } from "./kit/axis.js";
import { momentAt } from "./kit/blob.js";
import { registry } from "./kit/registry.js";
import { phaseBands } from "./kit/timeline.js";

const SECONDS_AT_NORMAL_SPEED = 20;
const EASE_MS = 200;
const COMMIT_MS = 150;
const SECONDS_TO_A_STOP = 3; // of the guided tour

/** @typedef {ReturnType<typeof makeFilm>} Film */
/** What figures follow: a film, or one of several runs under its hand (follower.js).
 * @typedef {Pick<Film, "header" | "steps" | "axis" | "edges" | "position" | "index" | "step" | "moment" | "nearest" | "goTo" | "dragTo"
 *   | "settle" | "draw">} Hand */
/** @typedef {{ from: number, to: number, target: number, start?: number }} Easing from one place on the axis to another */
/** @typedef {{ index: number, unit: number, pace: number }} Stop a snapshot that is played up to */

/** @param {Header} header */
// eslint-disable-next-line max-lines-per-function -- one clock: its parts share what is private to it
export function makeFilm(header) {
  /** @type {Easing | null} */
  let easing = null;
  /** @type {Stop | null} */
  let stop = null;
  let clock = 0, request = 0, commitTimer = 0, sweep = 0;

  const film = {
    header, steps: header.steps, axis: makeAxis(header.steps, bestAxis(header)),
    position: 0, playing: false, held: false, speed: 1, loop: false, span: [0, 1], touched: false, axisIsChosen: false,
    tour: /** @type {number[]} */ ([]),
    edges: /** @type {Edges | null} */ (null), // of the strip, for panels that stand under it
    onframe: (/** @type {number} */ _now) => {}, oncommit: () => {},
    stats: { frames: 0, inputs: /** @type {number[]} */ ([]), waiting: 0 },

    /** The nearest snapshot. @returns {number} */
    index: () => Math.round(film.position),
    /** @returns {number} */
    step: () => film.steps[film.index()],
    /** @returns {Moment} */
    moment: () => momentAt(film.position, film.steps.length),
    /** Where a jump is heading: what keys count from and Python hears. @returns {number} */
    goal: () => (easing ? easing.target : film.index()),
    /** @returns {boolean} */
    moving: () => film.playing || easing !== null,
    /** The jump that is going on. @returns {Easing | null} */
    heading: () => easing,
    /** Under play or under the hand: sentences may lag a little. @returns {boolean} */
    busy: () => film.moving() || film.held,

    draw() {
      if (!request) request = requestAnimationFrame(frame);
    },

    commitSoon() {
      forgetCommit();
      // On a busy page the timer is late: what the hand did meanwhile is heard before the next frame, and puts it off.
      commitTimer = setTimeout(() => {
        const due = commitTimer;
        requestAnimationFrame(() => due === commitTimer && film.oncommit());
      }, COMMIT_MS);
    },

    /** Under the hand: between snapshots too, no easing.
     * @param {number} unit place on the axis @param {number} [when] the hand moved */
    dragTo(unit, when) {
      input(when);
      [film.playing, film.held, easing] = [false, true, null];
      film.position = film.axis.positionAt(Math.min(1, Math.max(0, unit)));
      if (calm()) film.position = film.index();
      film.commitSoon();
      film.draw();
    },

    /** For a picture of that place: nobody hears of it. @param {number} unit place on the axis */
    showAt(unit) {
      [film.playing, easing] = [false, null];
      film.position = film.axis.positionAt(unit);
      film.draw();
    },

    /** To one snapshot; from afar the jump eases. A silent one was not the visitor's.
     * @param {number} index */
    goTo(index, { silent = false, eased = true } = {}) {
      const target = Math.min(last(), Math.max(0, Math.round(index)));
      if (!silent) input();
      film.playing = false;
      if (!eased || calm() || Math.abs(target - film.position) < 1e-9) {
        [film.position, easing] = [target, null];
      } else {
        easing = { from: film.axis.unitAt(film.position), to: film.axis.units[target], target };
      }
      if (!silent) film.commitSoon();
      film.draw();
    },

    /** @param {number} snapshots */
    by: (snapshots) => film.goTo(film.goal() + snapshots, { eased: Math.abs(snapshots) > 1 }),

    settle() {
      film.held = false;
      film.goTo(film.index());
    },

    /** The snapshot nearest to a step. @param {number} step @returns {number} */
    nearest: (step) => nearestStep(film.steps, step),

    play() {
      if (last() === 0) return;
      input();
      easing = null;
      const [start, end] = film.span;
      sweep = film.axis.unitAt(film.position);
      if (sweep < start || sweep >= end) [sweep, film.position] = [start, film.axis.positionAt(start)];
      [film.playing, stop] = [true, null];
      forgetCommit();
      film.draw();
    },

    /** Plays a part of the run over and over: from one step to another. @param {number} from @param {number} to */
    playBetween(from, to) {
      const units = [from, to].map((step) => film.axis.unitAt(film.nearest(step)));
      film.span = [Math.min(...units), Math.max(...units)];
      film.loop = true;
      film.goTo(film.nearest(Math.min(from, to)), { silent: true, eased: false });
      if (!calm()) film.play();
    },

    /** Plays up to one snapshot and stops there; what lies behind, or asks for calm, is a jump.
     * @param {number} index */
    playTo(index, seconds = SECONDS_TO_A_STOP) {
      const from = film.axis.unitAt(film.position), unit = film.axis.units[index];
      if (calm() || unit <= from) return film.goTo(index, { silent: true });
      easing = null;
      stop = { index, unit, pace: (unit - from) / seconds };
      [sweep, film.playing] = [from, true];
      film.draw();
    },

    /** The visitor has chosen a moment of the tour. @param {number} index */
    visit(index) {
      input();
      film.playTo(index);
      film.commitSoon();
    },

    pause() {
      if (!film.playing) return;
      film.playing = false;
      film.settle();
    },
    toggle: () => (film.playing ? film.pause() : film.play()),

    /** More of the same run: it stays at its step or, at the last one, goes along.
     * @param {Header} header */
    grow(header) {
      const step = film.step(), wasLast = film.index() === last();
      [film.header, film.steps] = [header, header.steps];
      film.axis = makeAxis(film.steps, film.axisIsChosen ? film.axis.kind : bestAxis(header));
      film.position = wasLast ? last() : film.nearest(step);
    },

    /** @param {AxisKind} kind */
    setAxis(kind) {
      film.axis = makeAxis(film.steps, kind);
      sweep = film.axis.unitAt(film.position);
    },

    /** Where phases begin and end, or the moments of the tour where there is one, as snapshots. @returns {number[]} */
    boundaries() {
      if (film.tour.length) return film.tour.map(film.nearest);
      const ends = phaseBands(film.header).flatMap((band) => [band.from, band.to]);
      return [...new Set([0, ...ends, film.steps[last()]].map(film.nearest))].sort((a, b) => a - b);
    },

    /** @param {1 | -1} direction */
    toBoundary(direction) {
      const here = film.goal(), stops = film.boundaries();
      const next = direction > 0 ? stops.find((i) => i > here) : stops.findLast((i) => i < here);
      if (next !== undefined) film.goTo(next);
    },

    stop() {
      cancelAnimationFrame(request);
      forgetCommit();
      film.playing = false;
    },
  };

  function forgetCommit() {
    clearTimeout(commitTimer);
    commitTimer = 0;
  }

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const last = () => film.steps.length - 1;

  /** @param {number} now */
  function frame(now) {
    request = 0;
    const elapsed = clock ? Math.min(now - clock, 100) : 0;
    clock = now;
    if (film.playing) advance(elapsed);
    if (easing) ease(easing, now);
    film.onframe(now);
    film.stats.frames++;
    if (film.stats.waiting) {
      film.stats.inputs.push(performance.now() - film.stats.waiting);
      film.stats.waiting = 0;
    }
    if (film.moving()) film.draw(); else clock = 0;
  }

  /** Played at an even pace along the axis on screen, so that the cursor never races or crawls.
   * @param {number} elapsed ms */
  function advance(elapsed) {
    if (stop) return advanceToStop(stop, elapsed);
    const [start, end] = film.span;
    sweep += (elapsed / 1000 / SECONDS_AT_NORMAL_SPEED) * film.speed;
    if (sweep >= end && film.loop) sweep = start;
    film.position = film.axis.positionAt(Math.min(sweep, end));
    if (calm()) film.position = Math.floor(film.position);
    if (sweep >= end) film.pause();
  }

  /** @param {Stop} to @param {number} elapsed ms */
  function advanceToStop(to, elapsed) {
    sweep = Math.min(to.unit, sweep + (elapsed / 1000) * to.pace);
    film.position = film.axis.positionAt(sweep);
    if (sweep < to.unit) return;
    [film.position, film.playing, stop] = [to.index, false, null];
    film.commitSoon();
  }

  /** @param {Easing} jump @param {number} now */
  function ease(jump, now) {
    jump.start ??= now;
    const t = Math.min(1, (now - jump.start) / EASE_MS), s = t * t * (3 - 2 * t);
    film.position = film.axis.positionAt(jump.from + (jump.to - jump.from) * s);
    if (t === 1) [film.position, easing] = [jump.target, null];
  }

  /** The visitor did something, which is to be seen soon. */
  function input(when = performance.now()) {
    film.touched = true;
    film.stats.waiting ||= when;
    registry.active = film;
  }

  return film;
}
