// A panel whose figure is one bar a frequency, key frequencies in their own colours.

import { blend, largest } from "./blob.js";
import { spread } from "./labels.js";
import { SMALL } from "./theme.js";
import { noKey } from "./timeline.js";
import { listed, percent } from "./wording.js";

export function spectrumPanel(description, arrayName) {
  return {
    ...description,
    part: "core",
    prepare(timeline) {
      const array = timeline.arrays[arrayName];
      return { top: largest(array.raw) || 1, bars: new Float32Array(array.size) };
    },
    empty: (timeline) => (timeline.arrays[arrayName].size ? null : "This modulus has no frequency to show."),
    background(g, own, { width, height, timeline, theme }) {
      const box = barBox(width, height, own);
      g.font = theme.font(SMALL);
      g.textBaseline = "middle";
      for (const share of [0, 1]) {
        const y = Math.round(box.bottom - share * box.height) + 0.5;
        g.strokeStyle = share ? theme.hair : theme.faint;
        g.beginPath();
        g.moveTo(box.left, y);
        g.lineTo(box.right, y);
        g.stroke();
      }
      g.fillStyle = theme.muted;
      g.textAlign = "left";
      g.fillText("strength", box.left, 12);
      g.textAlign = "center";
      g.textBaseline = "alphabetic";
      const keys = timeline.header.key_freqs;
      for (let k = 10; k <= own.bars.length; k += 10) {
        if (keys.every((key) => Math.abs(key - k) > 3)) g.fillText(k, box.x(k) + box.bar / 2, box.bottom + 16);
      }
      g.fillText("frequency k", (box.left + box.right) / 2, box.bottom + 34);
      drawKeyTicks(g, keys, theme, (k) => [box.x(k) + box.bar / 2, box.bottom + 16]);
    },
    live(g, own, { width, height, film, timeline, theme }) {
      const box = barBox(width, height, own), keys = timeline.header.key_freqs;
      blend(timeline.arrays, arrayName, film.position, own.bars);
      for (let k = 1; k <= own.bars.length; k++) {
        const tall = Math.max((own.bars[k - 1] / own.top) * box.height, 0.75), order = keys.indexOf(k);
        g.fillStyle = order >= 0 ? theme.frequency(order) : theme.muted;
        g.globalAlpha = order >= 0 ? 1 : 0.55;
        g.fillRect(box.x(k), box.bottom - tall, box.bar, tall);
      }
      g.globalAlpha = 1;
    },
    caption(timeline, i) {
      const array = timeline.arrays[arrayName], keys = timeline.header.key_freqs;
      const now = array.raw.subarray(i * array.size, (i + 1) * array.size);
      const energy = now.reduce((sum, v) => sum + v * v, 0);
      const strongest = now.indexOf(now.reduce((a, b) => Math.max(a, b), 0)) + 1;
      if (!keys.length) return `${noKey(timeline)}. The strongest now is ${strongest}.`;
      const share = keys.reduce((sum, k) => sum + now[k - 1] ** 2, 0) / (energy || 1);
      const who = keys.length === 1 ? `Frequency ${keys[0]} carries` : `Frequencies ${listed(keys)} carry`;
      return `${who} ${percent(share)} of ${description.whole}, out of ${array.size} frequencies.`;
    },
  };
}

// Labels of key frequencies under an axis, pushed apart where two are neighbours.
export function drawKeyTicks(g, keys, theme, place) {
  const labels = keys.map((k, order) => ({ at: place(k)[0], y: place(k)[1], k, order }));
  spread(labels, 17);
  g.font = theme.font(SMALL, 600);
  g.textAlign = "center";
  for (const { at, y, k, order } of labels) {
    g.fillStyle = theme.frequency(order);
    g.fillText(k, at, y);
  }
  g.font = theme.font(SMALL);
}

function barBox(width, height, own) {
  const left = 4, right = width - 4, pitch = (right - left) / own.bars.length;
  return {
    left, right, bottom: height - 42, height: height - 42 - 26, bar: Math.max(pitch * 0.72, 1),
    x: (k) => left + (k - 1) * pitch + pitch * 0.14,
  };
}
