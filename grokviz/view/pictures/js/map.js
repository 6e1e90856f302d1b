// Every pair as a cell, row a, column b; a click or the arrow keys choose one.

import { abgr, parseColour } from "../../film/js/kit/colours.js";
import { element, makeCanvas, paintCanvas, write } from "./frame.js";

const AXIS = 34, LARGEST = 470;

export function makeMap(data, say) {
  const holder = element("div", "pic-map");
  const canvas = makeCanvas(data.label);
  const legend = element("ul", "pic-legend");
  holder.append(canvas, legend);
  const cells = Uint8Array.from(atob(data.cells), (c) => c.charCodeAt(0)), p = data.p;
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [p, p];
  let { a, b } = data, side = 0, later = 0;

  function paint(theme) {
    const width = Math.floor(holder.clientWidth);
    if (!width) return;
    side = Math.min(width, LARGEST) - AXIS;
    const colours = data.colours.map((both) => abgr(parseColour(both[theme.dark ? 1 : 0], "#888")));
    const image = new ImageData(p, p);
    const words = new Uint32Array(image.data.buffer);
    for (let i = 0; i < cells.length; i++) words[i] = colours[cells[i]];
    picture.getContext("2d").putImageData(image, 0, 0);
    paintCanvas(canvas, side + AXIS, side + AXIS, (g) => {
      g.imageSmoothingEnabled = false;
      g.drawImage(picture, AXIS, 0, side, side);
      g.font = theme.font(12);
      g.fillStyle = theme.muted;
      for (const i of [0, p - 1]) {
        write(g, String(i), AXIS - 6, i ? side - 6 : 7, "right");
        write(g, String(i), AXIS + (i ? side : 0), side + 12, i ? "right" : "left");
      }
      write(g, "a", AXIS - 6, side / 2, "right");
      write(g, "b", AXIS + side / 2, side + 12, "center");
      const cell = side / p, size = Math.max(cell, 7);
      const [x, y] = [AXIS + (b + 0.5) * cell, (a + 0.5) * cell];
      for (const [colour, weight] of [[theme.background, 4], [theme.text, 2]]) {
        [g.strokeStyle, g.lineWidth] = [colour, weight];
        g.strokeRect(x - size / 2 - 1, y - size / 2 - 1, size + 2, size + 2);
      }
    });
    legend.replaceChildren(
      ...data.words.map((word, i) => {
        const item = element("li", "", word), swatch = element("span", "pic-swatch");
        swatch.style.background = data.colours[i][theme.dark ? 1 : 0];
        item.prepend(swatch);
        return item;
      }),
    );
  }

  const tell = (i, j) => say(`${data.question.replace("{a}", i).replace("{b}", j)}: ${data.words[cells[i * p + j]]}`);
  const cellAt = (event) => {
    const box = canvas.getBoundingClientRect();
    const [j, i] = [event.clientX - box.left - AXIS, event.clientY - box.top].map((v) => Math.floor((v * p) / side));
    return i >= 0 && j >= 0 && i < p && j < p ? [i, j] : null;
  };
  canvas.onpointermove = (event) => {
    const at = cellAt(event);
    if (at) tell(...at);
  };
  canvas.onpointerleave = () => say("");
  canvas.onclick = (event) => {
    const at = cellAt(event);
    if (!at) return;
    [a, b] = at;
    holder.repaint();
    holder.pick?.({ a, b });
  };
  canvas.tabIndex = 0;
  canvas.onkeydown = (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation(); // the film moves by arrows too
    [a, b] = [(a + move[0] + p) % p, (b + move[1] + p) % p];
    holder.repaint();
    tell(a, b);
    clearTimeout(later);
    later = setTimeout(() => holder.pick?.({ a, b }), 300);
  };
  holder.paint = paint;
  return holder;
}
