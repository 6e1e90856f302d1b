// The film: where it stands, whether it plays, and who is told. No drawing, no DOM beyond the clock.

import { bestAxis, makeAxis } from "./kit/axis.js";
import { registry } from "./kit/registry.js";
import { phaseBands } from "./kit/timeline.js";

const SECONDS_AT_NORMAL_SPEED = 20;

const EASE_MS = 200;

const COMMIT_MS = 150;

const SECONDS_TO_A_STOP = 3; // of the guided tour

export function makeFilm(header) {
  const film = {
    header, steps: header.steps, axis: makeAxis(header.steps, bestAxis(header)),
    position: 0, playing: false, held: false, speed: 1, loop: false, touched: false, axisIsChosen: false,
    hover: { numbers: [], pair: null },
    onframe: () => {}, oncommit: () => {},
    stats: { frames: 0, inputs: [], waiting: 0 },
  };
  let easing = null, clock = 0, request = 0, commitTimer = 0, sweep = 0, stop = null;
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const last = () => film.steps.length - 1;

  film.index = () => Math.round(film.position);
  film.step = () => film.steps[film.index()];
  film.goal = () => (easing ? easing.target : film.index()); // where a jump is heading: what keys count from and Python hears
  film.moving = () => film.playing || easing !== null;
  film.busy = () => film.moving() || film.held; // under play or under the hand: sentences may lag a little

  film.draw = () => {
    if (!request) request = requestAnimationFrame(frame);
  };

  function frame(now) {
    request = 0;
    const elapsed = clock ? Math.min(now - clock, 100) : 0;
    clock = now;
    if (film.playing) advance(elapsed);
    if (easing) ease(now);
    film.onframe(now);
    film.stats.frames++;
    if (film.stats.waiting) {
      film.stats.inputs.push(performance.now() - film.stats.waiting);
      film.stats.waiting = 0;
    }
    if (film.moving()) film.draw(); else clock = 0;
  }

  // Played at an even pace along the axis on screen, so that the cursor never races or crawls.
  function advance(elapsed) {
    if (stop) return advanceToStop(elapsed);
    sweep += (elapsed / 1000 / SECONDS_AT_NORMAL_SPEED) * film.speed;
    if (sweep >= 1 && film.loop) sweep = 0;
    film.position = film.axis.positionAt(Math.min(sweep, 1));
    if (calm()) film.position = Math.floor(film.position);
    if (sweep >= 1) film.pause();
  }

  function advanceToStop(elapsed) {
    sweep = Math.min(stop.unit, sweep + (elapsed / 1000) * stop.pace);
    film.position = film.axis.positionAt(sweep);
    if (sweep < stop.unit) return;
    [film.position, film.playing, stop] = [stop.index, false, null];
    film.commitSoon();
  }

  function ease(now) {
    easing.start ??= now;
    const t = Math.min(1, (now - easing.start) / EASE_MS), s = t * t * (3 - 2 * t);
    film.position = film.axis.positionAt(easing.from + (easing.to - easing.from) * s);
    if (t === 1) [film.position, easing] = [easing.target, null];
  }

  function input(when = performance.now()) {
    film.touched = true;
    film.stats.waiting ||= when;
    registry.active = film;
  }

  film.commitSoon = () => {
    clearTimeout(commitTimer);
    commitTimer = setTimeout(() => film.oncommit(), COMMIT_MS);
  };

  // Under the hand: between snapshots too, no easing.
  film.dragTo = (unit, when) => {
    input(when);
    film.playing = false;
    film.held = true;
    easing = null;
    film.position = film.axis.positionAt(Math.min(1, Math.max(0, unit)));
    if (calm()) film.position = film.index();
    film.commitSoon();
    film.draw();
  };

  // To one snapshot; from afar the jump eases.
  film.goTo = (index, { silent = false, eased = true } = {}) => {
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
  };

  film.by = (snapshots) => film.goTo(film.goal() + snapshots, { eased: Math.abs(snapshots) > 1 });
  film.settle = () => {
    film.held = false;
    film.goTo(film.index());
  };
  film.nearest = (step) => {
    let best = 0;
    film.steps.forEach((s, i) => {
      if (Math.abs(s - step) < Math.abs(film.steps[best] - step)) best = i;
    });
    return best;
  };

  film.play = () => {
    if (last() === 0) return;
    input();
    easing = null;
    if (film.position >= last()) film.position = 0;
    sweep = film.axis.unitAt(film.position);
    [film.playing, stop] = [true, null];
    clearTimeout(commitTimer);
    film.draw();
  };
  // Plays up to one snapshot and stops there; what lies behind, or asks for calm, is a jump.
  film.playTo = (index) => {
    const from = film.axis.unitAt(film.position), unit = film.axis.units[index];
    if (calm() || unit <= from) return film.goTo(index, { silent: true });
    easing = null;
    stop = { index, unit, pace: (unit - from) / SECONDS_TO_A_STOP };
    [sweep, film.playing] = [from, true];
    film.draw();
  };
  film.pause = () => {
    if (!film.playing) return;
    film.playing = false;
    film.settle();
  };
  film.toggle = () => (film.playing ? film.pause() : film.play());

  // More of the same run: it stays at its step or, at the last one, goes along.
  film.grow = (header) => {
    const step = film.step(), wasLast = film.index() === last();
    [film.header, film.steps] = [header, header.steps];
    film.axis = makeAxis(film.steps, film.axisIsChosen ? film.axis.kind : bestAxis(header));
    film.position = wasLast ? last() : film.nearest(step);
  };
  film.setAxis = (kind) => {
    film.axis = makeAxis(film.steps, kind);
    sweep = film.axis.unitAt(film.position);
  };

  film.boundaries = () => {
    const ends = phaseBands(film.header).flatMap((band) => [band.from, band.to]);
    return [...new Set([0, ...ends, film.steps.at(-1)].map(film.nearest))].sort((a, b) => a - b);
  };
  film.toBoundary = (direction) => {
    const here = film.goal();
    const stops = film.boundaries();
    const next = direction > 0 ? stops.find((i) => i > here) : stops.findLast((i) => i < here);
    if (next !== undefined) film.goTo(next);
  };

  film.stop = () => {
    cancelAnimationFrame(request);
    clearTimeout(commitTimer);
    film.playing = false;
  };
  return film;
}
