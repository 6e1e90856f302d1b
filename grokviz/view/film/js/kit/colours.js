// Colours as text, as three channels of 0 to 255, and as the 32-bit words of an image.

/** @typedef {number[]} Channels red, green, blue */

/** @type {CanvasRenderingContext2D | null} */
let probe = null;

/** Any CSS colour; `fallback` where the text is none.
 * @param {string} text @param {string} fallback @returns {Channels} */
export function parseColour(text, fallback) {
  const hex = text || fallback;
  if (/^#[0-9a-f]{6}$/i.test(hex)) return fromHex(hex);
  probe ??= document.createElement("canvas").getContext("2d");
  if (!probe) return [128, 128, 128];
  probe.fillStyle = fallback;
  probe.fillStyle = hex;
  const read = String(probe.fillStyle);
  return read.startsWith("#") ? fromHex(read) : (read.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

/** @param {string} hex #rrggbb */
const fromHex = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** @param {Channels} a @param {Channels} b @param {number} share of b */
export function mixed(a, b, share) {
  return `rgb(${a.map((v, i) => Math.round(v * (1 - share) + b[i] * share)).join(",")})`;
}

/** @param {Channels} channels @returns {number} a word of an ImageData */
export function abgr([r, g, b]) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** @param {number} word of an ImageData */
export const cssColour = (word) => `rgb(${word & 255},${(word >> 8) & 255},${(word >> 16) & 255})`;

/** Colours along the given stops, as words of an ImageData.
 * @param {string[]} stops */
export function ramp(stops, size = 256) {
  const colours = stops.map((stop) => parseColour(stop, "#000000"));
  return Uint32Array.from({ length: size }, (_, i) => {
    const at = (i / (size - 1)) * (colours.length - 1), low = Math.min(Math.floor(at), colours.length - 2);
    return abgr(colours[low].map((v, c) => Math.round(v + (colours[low + 1][c] - v) * (at - low))));
  });
}

/** A wheel of even lightness: OKLCH with the hue going once around.
 * @param {number} size @param {number} lightness @param {number} chroma */
export function wheel(size, lightness, chroma) {
  return Array.from({ length: size }, (_, i) => `oklch(${lightness} ${chroma} ${(i / size) * 360 + 20})`);
}
