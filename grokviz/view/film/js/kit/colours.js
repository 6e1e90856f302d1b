// Colours as text, as three channels and as the 32-bit words of an image.

export function parseColour(text, fallback) {
  const probe = (parseColour.context ??= document.createElement("canvas").getContext("2d"));
  probe.fillStyle = fallback;
  probe.fillStyle = text || fallback;
  const hex = probe.fillStyle;
  if (hex.startsWith("#")) return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return hex.match(/[\d.]+/g).slice(0, 3).map(Number);
}

export function mixed(a, b, share) {
  return `rgb(${a.map((v, i) => Math.round(v * (1 - share) + b[i] * share)).join(",")})`;
}

export function abgr([r, g, b]) {
  return (255 << 24) | (b << 16) | (g << 8) | r;
}

export const cssColour = (word) => `rgb(${word & 255},${(word >> 8) & 255},${(word >> 16) & 255})`;

// 256 colours along the given stops, as the 32-bit words an ImageData holds.
export function ramp(stops, size = 256) {
  const colours = stops.map((stop) => (typeof stop === "string" ? parseColour(stop, "#000") : stop));
  return Uint32Array.from({ length: size }, (_, i) => {
    const at = (i / (size - 1)) * (colours.length - 1), low = Math.min(Math.floor(at), colours.length - 2);
    return abgr(colours[low].map((v, c) => Math.round(v + (colours[low + 1][c] - v) * (at - low))));
  });
}

// A wheel of even lightness: OKLCH with the hue going once around.
export function wheel(size, lightness, chroma) {
  return Array.from({ length: size }, (_, i) => `oklch(${lightness} ${chroma} ${(i / size) * 360 + 20})`);
}
