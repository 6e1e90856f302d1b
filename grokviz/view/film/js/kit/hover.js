// What is under the pointer, told to every film and every picture of the page: a number that is pointed at lights
// up on all rings, maps and waves. The scripts of film and pictures are two; they meet here, on `globalThis`.

/** @import { Hover } from "../contract.js" */

/** @typedef {{ now: Hover, listeners: Set<() => void> }} HoverBus */

/** @type {Hover} */
export const NOTHING = { numbers: [], pair: null, answer: null };

const bus = (globalThis.grokvizHover ??= { now: NOTHING, listeners: new Set() });

/** @returns {Hover} */
export const hovered = () => bus.now;

/** Says what is under the pointer; NOTHING when it has left.
 * @param {Hover} hover */
export function pointAt({ numbers, pair, answer }) {
  const { now } = bus;
  if (String(numbers) === String(now.numbers) && String(pair) === String(now.pair) && answer === now.answer) return;
  bus.now = { numbers, pair, answer };
  for (const listener of [...bus.listeners]) listener();
}

/** Calls `listener` whenever that changes; returns what ends it.
 * @param {() => void} listener */
export function onHover(listener) {
  bus.listeners.add(listener);
  return () => void bus.listeners.delete(listener);
}

/** The numbers to mark where numbers are questions (rings and maps of a and b), or answers (waves, rings of sums).
 * @param {Hover} hover @param {"questions" | "answers"} role */
export function marked({ numbers, pair, answer }, role) {
  if (role === "questions" || !pair) return numbers;
  return answer === null ? [] : [answer];
}
