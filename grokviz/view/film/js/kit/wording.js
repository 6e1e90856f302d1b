// Numbers and texts as people read them: the twin of grokviz/wording.py.

export const THIN = "\u202f";

export function superscript(n) {
  return String(n).replace(/[-0-9]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));
}

export function whole(n) {
  return Math.round(n).toLocaleString("en-GB");
}

// 24.1, 4.73, 0.012, 2.4 × 10⁻⁷
export function readable(value) {
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
export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  const value = share * 100;
  if (value >= 100) return `100${THIN}%`;
  if (value > 99.9) return `over 99.9${THIN}%`;
  if (value <= 0) return `0${THIN}%`;
  if (value < 0.1) return `under 0.1${THIN}%`;
  return `${value >= 10 && value < 99 ? value.toFixed(0) : value.toFixed(1)}${THIN}%`;
}

const SMALL_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

export function inWords(n) {
  return SMALL_NUMBERS[n] ?? whole(n);
}

export function plural(n, noun, nouns = `${noun}s`) {
  return `${inWords(n)} ${n === 1 ? noun : nouns}`;
}

export function sentenceCase(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

export const roundedShare = (share) => Math.round(share * 100) / 100;
