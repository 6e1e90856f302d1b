// Numbers and texts as people read them: the twin of grokviz/wording.py. tests/wording_cases.json is tested in both.

export const THIN = "\u202f";
const MINUS = "−";
const SMALL_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** @param {number} exponent */
export function superscript(exponent) {
  return String(exponent).replace(/[-0-9]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]));
}

/** With commas between the thousands.
 * @param {number} size not negative @param {number} digits after the point */
function fixed(size, digits) {
  const [whole, rest] = size.toFixed(digits).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : "");
}

/** 12,400
 * @param {number} number */
export function whole(number) {
  const text = fixed(Math.abs(number), 0);
  return number < 0 && text !== "0" ? MINUS + text : text;
}

/** 24.1, 4.73, 0.012, 2.4 × 10⁻⁷; NaN, which was not measured, is a dash.
 * @param {number} value */
export function readable(value) {
  if (Number.isNaN(value)) return "–";
  return (value < 0 ? MINUS : "") + readableSize(Math.abs(value));
}

/** @param {number} size */
function readableSize(size) {
  if (size === Infinity) return "∞";
  if (size === 0) return "0";
  if (size < 0.001 || size >= 999_999.5) {
    const [mantissa, exponent] = size.toExponential(1).split("e");
    return `${mantissa} × 10${superscript(Number(exponent))}`;
  }
  if (size < 0.995) return size.toPrecision(2);
  return fixed(size, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

/** `readable` for a screen reader: "3.0 times ten to the minus 7".
 * @param {number} value */
export function readAloud(value) {
  if (Number.isNaN(value)) return "not measured";
  const size = Math.abs(value), minus = value < 0 ? "minus " : "";
  if (size === Infinity) return `${minus}infinite`;
  if (size === 0 || (size >= 0.001 && size < 999_999.5)) return minus + readableSize(size);
  const [mantissa, text] = size.toExponential(1).split("e"), exponent = Number(text);
  return `${minus}${mantissa} times ten to the ${exponent < 0 ? "minus " : ""}${Math.abs(exponent)}`;
}

/** A share of 1: 61 %, 5.3 %, 99.8 %. Only all of it is 100 %.
 * @param {number} share @returns {string} */
export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  const value = Math.abs(share) * 100;
  if (share < 0) return value >= 0.1 ? MINUS + percent(-share) : `0${THIN}%`;
  if (value > 0 && value < 0.1) return `under 0.1${THIN}%`;
  if (value > 99.9 && value < 100) return `over 99.9${THIN}%`;
  if (value >= 1e6) return `${readable(value)}${THIN}%`;
  const digits = (value > 0 && value < 9.95) || (value >= 99 && value < 100) ? 1 : 0;
  return `${fixed(value, digits)}${THIN}%`;
}

/** +12.0, −0.41
 * @param {number} value */
export function signed(value) {
  return value > 0 ? `+${readable(value)}` : readable(value);
}

/** @param {number} number */
export function inWords(number) {
  return SMALL_NUMBERS[number] ?? whole(number);
}

/** three waves, one wave
 * @param {number} number @param {string} noun */
export function plural(number, noun, nouns = `${noun}s`) {
  return `${inWords(number)} ${number === 1 ? noun : nouns}`;
}

/** @param {string} text */
export function sentenceCase(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** 14, 35 and 41
 * @param {(string | number)[]} items */
export function listed(items) {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** For what is stored in 127ths: no more figures than it has.
 * @param {number} share */
export const roundedShare = (share) => Math.round(share * 100) / 100;
