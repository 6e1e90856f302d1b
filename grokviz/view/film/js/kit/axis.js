// The time axis, from steps to the unit interval and back, and the ticks of axes.

/** @import { Header } from "../contract.js" */

/** @typedef {"linear" | "root" | "log"} AxisKind */

/**
 * @typedef {object} Axis
 * @property {AxisKind} kind
 * @property {(step: number) => number} unit place of a step, 0 to 1
 * @property {Float64Array} units places of the snapshots
 * @property {(position: number) => number} unitAt place of a fractional snapshot
 * @property {(unit: number) => number} positionAt and back
 */

const WARPS = { linear: (/** @type {number} */ s) => s, root: Math.sqrt, log: Math.log1p };

/** @param {number[]} steps of the snapshots @param {AxisKind} kind
 * @param {number} [end] the step at its right end, where other runs go on for longer @returns {Axis} */
export function makeAxis(steps, kind, end = steps[steps.length - 1]) {
  const warp = WARPS[kind];
  const first = warp(0), span = warp(Math.max(end, 1)) - first;
  const unit = (/** @type {number} */ step) => Math.min(1, Math.max(0, (warp(Math.max(step, 0)) - first) / span));
  const units = Float64Array.from(steps, unit);
  return {
    kind, unit, units,
    unitAt(position) {
      const i = Math.floor(position), f = position - i;
      return f === 0 ? units[i] : units[i] * (1 - f) + units[i + 1] * f;
    },
    positionAt(u) {
      let low = 0, high = units.length - 1;
      if (u <= units[0]) return 0;
      if (u >= units[high]) return high;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (units[middle] <= u) low = middle; else high = middle;
      }
      return low + (u - units[low]) / (units[high] - units[low]);
    },
  };
}

/** The index of the step nearest to this one. @param {number[]} steps @param {number} step */
export function nearestStep(steps, step) {
  let best = 0;
  steps.forEach((s, i) => {
    if (Math.abs(s - step) < Math.abs(steps[best] - step)) best = i;
  });
  return best;
}

/** Round steps, as many as can be read side by side.
 * @param {Axis} axis @param {number} last step @param {number} width of the axis in pixels */
export function stepTicks(axis, last, width) {
  const candidates = [];
  if (axis.kind === "log") for (let s = 1; s <= last; s *= 10) candidates.push(s);
  else if (axis.kind === "root") for (let s = 10; s <= last; s *= 10) candidates.push(s, 2 * s, 5 * s);
  else {
    const rough = last / Math.max(2, width / 110), power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
    const pace = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= rough) ?? 10 * power;
    for (let s = pace; s <= last; s += pace) candidates.push(s);
  }
  const ticks = [];
  let taken = Infinity; // from the right: the late steps are the large ones, keep those
  for (const step of candidates.filter((s) => s <= last).reverse()) {
    const x = axis.unit(step) * width;
    if (x > taken - 58 || x < 30) continue;
    ticks.unshift(step);
    taken = x;
  }
  return [0, ...ticks];
}

/** The axis that gives the learning between memorisation and the end of cleanup the most room.
 * @param {Header} header @returns {AxisKind} */
export function bestAxis(header) {
  const { circuit_from: from, cleanup_to: to } = header.phases;
  if (from === null || to === null) return "linear";
  const room = (/** @type {AxisKind} */ kind) => {
    const axis = makeAxis(header.steps, kind);
    return axis.unit(to) - axis.unit(from);
  };
  return room("root") > room("linear") ? "root" : "linear";
}

/** From a whole decade below all positive values to a little above them; at least two decades.
 * @param {{ values: ArrayLike<number> }[]} series @returns {[number, number]} */
export function logDomain(series) {
  let low = Infinity, high = -Infinity;
  for (const { values } of series) {
    for (let i = 0; i < values.length; i++) {
      const v = values[i];
      if (v > 0 && Number.isFinite(v)) [low, high] = [Math.min(low, v), Math.max(high, v)];
    }
  }
  if (low > high) [low, high] = [0.1, 10];
  low = Math.min(low, high / 100);
  return [Math.max(10 ** Math.floor(Math.log10(low)), 1e-12), 10 ** (Math.log10(high) + 0.12)];
}

/** Powers of ten, not closer than 26 pixels.
 * @param {[number, number]} domain @param {number} height in pixels */
export function logTicks([low, high], height) {
  const from = Math.ceil(Math.log10(low) - 1e-9), to = Math.floor(Math.log10(high));
  const every = Math.max(1, Math.ceil((to - from + 1) / (height / 26)));
  const ticks = [];
  for (let e = to - (((to % every) + every) % every); e >= from; e -= every) ticks.push(10 ** e);
  return ticks;
}

/** Three or four round values from 0 to `top`.
 * @param {number} top above 0 */
export function fittedTicks(top) {
  const rough = top / 3, power = 10 ** Math.floor(Math.log10(rough));
  const pace = [1, 2, 2.5, 5, 10].map((m) => m * power).find((m) => m >= rough) ?? 10 * power;
  const ticks = [];
  for (let v = 0; v <= top * 1.001; v += pace) ticks.push(v);
  return ticks;
}
