// The step in view, one for all figures of the page: each is a component of its own, and they meet on `globalThis`.

import { nearestStep } from "../../film/js/kit/axis.js";

/** @typedef {{ step: number, listeners: Set<() => void> }} SharedStep */

const shared = (globalThis.grokvizStep ??= { step: -1, listeners: new Set() });

export const stepInView = () => Math.max(shared.step, 0);

/** Before anybody has moved it.
 * @param {number} step */
export function beginAt(step) {
  if (shared.step < 0) moveTo(step);
}

/** @param {number} step */
export function moveTo(step) {
  if (step === shared.step) return;
  shared.step = step;
  for (const listener of [...shared.listeners]) listener();
}

/** Calls `listener` whenever the step moves; returns what ends it.
 * @param {() => void} listener */
export function onStep(listener) {
  shared.listeners.add(listener);
  return () => void shared.listeners.delete(listener);
}

/** The index of the snapshot nearest to the step in view; of two as near the earlier.
 * @param {number[]} steps ascending */
export const snapshotInView = (steps) => nearestStep(steps, stepInView());

/** A value at the step in view, along a straight line between two rows of a log; NaN beyond them.
 * @param {number[]} steps @param {(number | null)[]} values */
export function valueInView(steps, values) {
  const step = stepInView(), last = steps.length - 1;
  if (!steps.length || step < steps[0]) return NaN;
  if (step >= steps[last]) return values[last] ?? NaN;
  let after = 1;
  while (steps[after] < step) after++;
  const before = steps[after] === step ? after : after - 1, share = after === before ? 0 : (step - steps[before]) / (steps[after] - steps[before]);
  return (values[before] ?? NaN) * (1 - share) + (values[after] ?? NaN) * share;
}

/** Numbers as bytes, for shares of 1.
 * @param {string} text in base64 */
export const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
