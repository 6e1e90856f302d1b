// Several runs under one hand: one clock that goes through the steps of all of them, and where each of them stands then.

/** @import { Header, Moment } from "./contract.js" */
/** @import { Easing, Film, Hand } from "./film.js" */
/** @import { Axis } from "./kit/axis.js" */

import { makeAxis, nearestStep } from "./kit/axis.js";
import { momentAt } from "./kit/blob.js";

/** What a clock has that runs follow.
 * @typedef {Pick<Film, "header" | "steps" | "axis" | "position" | "playing" | "held" | "heading" | "nearest" | "goTo" | "dragTo" | "settle"
 *   | "draw">} Clock */

/** Whether a run has begun at a step, and not ended before it. @typedef {"before" | "during" | "after"} When */

/** @typedef {Hand & { when: () => When }} Follower */

/** The header of a film of several runs: every step at which one of them has a snapshot, and the boundaries of all phases.
 * @param {Header[]} headers @returns {Header} */
export function joinedHeader(headers) {
  const steps = [...new Set(headers.flatMap((header) => header.steps))].sort((a, b) => a - b);
  const known = (/** @type {"circuit_from" | "cleanup_to"} */ name) => headers.flatMap(({ phases }) => phases[name] ?? []);
  const first = known("circuit_from"), last = known("cleanup_to");
  return {
    ...headers[0], steps,
    id: headers.map(({ id }) => id).join("+"),
    title: headers.map(({ title }) => title).join(" and "),
    bands: headers.flatMap(({ bands, steps: own }) => bands.map(([name, from, to]) => /** @type {[string, number, number]} */ ([name, from, to ?? own[own.length - 1]]))),
    changes: [],
    phases: {
      memorised_at: null, cleanup_from: null, grokked_at: null,
      circuit_from: first.length ? Math.min(...first) : null, cleanup_to: last.length ? Math.max(...last) : null,
    },
  };
}

/** A run that goes along with a clock. Under the hand and under play it stands at the clock's step, between two of its
 * snapshots if need be; at rest at its nearest snapshot, and a jump ends there. Beyond its ends it stays at them.
 * @param {Clock} clock @param {Header} header of the run @returns {Follower} */
export function makeFollower(clock, header) {
  const { steps } = header, last = steps[steps.length - 1];
  let axis = /** @type {Axis | null} */ (null), of = /** @type {Axis | null} */ (null);
  let jump = /** @type {Easing | null} */ (null), began = 0, stood = 0; // places on the axis

  const own = () => {
    if (!axis || of !== clock.axis) [axis, of] = [makeAxis(steps, clock.axis.kind, clock.steps[clock.steps.length - 1]), clock.axis];
    return axis;
  };
  const rest = (/** @type {number} */ unit) => own().units[Math.round(own().positionAt(unit))];
  const place = () => {
    const now = clock.axis.unitAt(clock.position), path = clock.heading();
    if (path !== jump) [jump, began] = [path, stood];
    if (path) return began + (rest(path.to) - began) * (path.to === path.from ? 1 : (now - path.from) / (path.to - path.from));
    return (clock.playing || clock.held) && !Number.isInteger(clock.position) ? now : rest(now);
  };
  const follower = {
    header, steps, edges: null,
    get axis() { return own(); },
    get position() {
      stood = place();
      return own().positionAt(stood);
    },
    index: () => Math.round(follower.position),
    step: () => steps[follower.index()],
    /** @returns {Moment} */
    moment: () => momentAt(follower.position, steps.length),
    /** @param {number} step */
    nearest: (step) => nearestStep(steps, step),
    /** @param {number} index of its own snapshots @param {object} [how] */
    goTo: (index, how) => clock.goTo(clock.nearest(steps[index]), how),
    /** @param {number} unit @param {number} [when] */
    dragTo: (unit, when) => clock.dragTo(unit, when),
    settle: () => clock.settle(),
    draw: () => clock.draw(),
    /** @returns {When} */
    when() {
      const now = clock.steps[Math.round(clock.position)];
      return now > last ? "after" : now < steps[0] ? "before" : "during";
    },
  };
  return follower;
}
