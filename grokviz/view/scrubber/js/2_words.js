// Numbers as people read them, and the time axis.

const THIN = "\u202f";

function superscript(n) {
  return String(n).replace(/[-0-9]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));
}

function whole(n) {
  return Math.round(n).toLocaleString("en-GB");
}

// 24.1, 4.73, 0.012, 2.4 × 10⁻⁷
function readable(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1000) return whole(value);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  if (size >= 0.0095) return value.toPrecision(2);
  let exponent = Math.floor(Math.log10(size));
  let mantissa = value / 10 ** exponent;
  if (Math.abs(mantissa) >= 9.95) [mantissa, exponent] = [mantissa / 10, exponent + 1];
  return `${mantissa.toFixed(1)} × 10${superscript(exponent)}`;
}

// A share of 1. Only all of them is 100 %.
function percent(share) {
  if (!Number.isFinite(share)) return "–";
  const value = share * 100;
  if (value >= 100) return `100${THIN}%`;
  if (value > 99.9) return `over 99.9${THIN}%`;
  if (value <= 0) return `0${THIN}%`;
  if (value < 0.1) return `under 0.1${THIN}%`;
  return `${value >= 10 && value < 99 ? value.toFixed(0) : value.toFixed(1)}${THIN}%`;
}

const SMALL_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

function inWords(n) {
  return SMALL_NUMBERS[n] ?? whole(n);
}

function plural(n, noun, nouns = `${noun}s`) {
  return `${inWords(n)} ${n === 1 ? noun : nouns}`;
}

function sentenceCase(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

const WARPS = { linear: (s) => s, root: (s) => Math.sqrt(s), log: (s) => Math.log1p(s) };

// From steps to the unit interval and back to a fractional snapshot ("position").
function makeAxis(steps, kind) {
  const warp = WARPS[kind];
  const first = warp(0), span = warp(Math.max(steps.at(-1), 1)) - first;
  const unit = (step) => Math.min(1, Math.max(0, (warp(Math.max(step, 0)) - first) / span));
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

function stepTicks(axis, last, width) {
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

// The axis that gives the learning between memorisation and the end of cleanup the most room.
function bestAxis(header) {
  const { circuit_from: from, cleanup_to: to } = header.phases;
  if (from === null || to === null) return "linear";
  const room = (kind) => {
    const axis = makeAxis(header.steps, kind);
    return axis.unit(to) - axis.unit(from);
  };
  return room("root") > room("linear") ? "root" : "linear";
}
