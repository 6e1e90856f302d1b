// One wave over the answers for each frequency, in lanes below each other, and their sum: it peaks where all agree.

import { dot, element, makeCanvas, paintCanvas, pointed, write } from "./frame.js";

const LANE = 54, SUM = 160, TOP = 24, FOOT = 30;

export function makeWaves(data, say) {
  const holder = element("div", "pic-waves");
  const canvas = makeCanvas(data.label);
  holder.append(canvas);
  const n = data.numbers.length, height = TOP + data.lanes.length * LANE + SUM + FOOT;
  let width = 0, hovered = null;
  const left = () => (width < 480 ? 52 : 74), right = () => (width < 480 ? 8 : 74);
  const x = (i) => left() + ((width - left() - right()) * i) / Math.max(1, n - 1);

  function line(g, values, y, dashes, weight) {
    g.setLineDash(dashes);
    g.lineWidth = weight;
    g.beginPath();
    values.forEach((value, i) => (i ? g.lineTo(x(i), y(value)) : g.moveTo(x(i), y(value))));
    g.stroke();
    g.setLineDash([]);
    g.lineWidth = 1;
  }

  function lane(g, theme, colour, { actual, ideal, title, note }, top, tall, scale) {
    const clip = (value) => Math.max(-1.25, Math.min(1.25, value / scale));
    const y = (value) => top + tall / 2 - (clip(value) * tall) / 2.5;
    g.strokeStyle = theme.hair;
    line(g, [0, 0].concat(Array(n - 2).fill(0)), y, [], 1);
    g.strokeStyle = theme.muted;
    line(g, ideal, y, [3, 3], 1.2);
    g.strokeStyle = colour;
    line(g, actual, y, [], tall > LANE ? 2 : 1.8);
    g.fillStyle = colour;
    dot(g, x(data.right), y(actual[data.right]), 3.5);
    g.fill();
    g.font = theme.font(12, 600);
    write(g, title, left() - 8, top + tall / 2, "right");
    g.font = theme.font(12);
    g.fillStyle = theme.muted;
    if (width >= 480) write(g, note, width - right() + 8, top + tall / 2);
    return y;
  }

  function paint(theme) {
    width = Math.floor(holder.clientWidth);
    if (width) paintCanvas(canvas, width, height, (g) => draw(g, theme));
  }

  function draw(g, theme) {
    const bottom = height - FOOT;
    g.strokeStyle = theme.muted;
    g.beginPath();
    g.moveTo(x(data.right), TOP - 6);
    g.lineTo(x(data.right), bottom);
    g.stroke();
    g.font = theme.font(12, 600);
    g.fillStyle = theme.text;
    write(g, data.rightLabel, Math.max(left() + 40, Math.min(width - 60, x(data.right))), 8, "center");
    data.lanes.forEach((one, i) => lane(g, theme, theme.frequency(one.order), one, TOP + i * LANE, LANE, data.scale));
    const y = lane(g, theme, theme.text, data.total, bottom - SUM, SUM, data.totalScale);
    const w = data.winner, wins = y(data.total.actual[w]);
    g.strokeStyle = theme.text;
    dot(g, x(w), wins, 7);
    g.stroke();
    g.fillStyle = theme.text;
    g.font = theme.font(13, 600);
    const end = x(w) > width - right() - 90;
    write(g, data.winnerLabel, x(w) + (end ? -12 : 12), wins, end ? "right" : "left");
    g.font = theme.font(12);
    g.fillStyle = theme.muted;
    for (const i of data.ticks) write(g, String(data.numbers[i]), x(i), bottom + 10, "center");
    write(g, data.axis, x((n - 1) / 2), bottom + 24, "center");
    const i = hovered === null ? -1 : data.numbers.indexOf(hovered);
    if (i >= 0) {
      g.strokeStyle = theme.faint;
      g.beginPath();
      g.moveTo(x(i), TOP);
      g.lineTo(x(i), bottom);
      g.stroke();
    }
  }

  canvas.onpointermove = (event) => {
    const at = event.clientX - canvas.getBoundingClientRect().left;
    const i = Math.max(0, Math.min(n - 1, Math.round(((at - left()) / (width - left() - right())) * (n - 1))));
    pointed(data.numbers[i]);
    const parts = data.lanes.map((one) => `${one.title}: ${one.actual[i].toFixed(1)}`).join(", ");
    say(`answer ${data.numbers[i]}: logit ${data.total.actual[i].toFixed(1)}, waves add up to ${data.total.ideal[i].toFixed(1)} (${parts})`);
  };
  canvas.onpointerleave = () => {
    pointed(null);
    say("");
  };
  holder.hover = (number) => (hovered = number);
  holder.paint = paint;
  return holder;
}
