// Numbers as points in the plane of a frequency, the circle they ought to lie on, and hands to the ones in view.

import { dot, element, makeCanvas, paintCanvas, pointed } from "./frame.js";

const RING = 168;

export function makeRings(data, say) {
  const holder = element("div", "pic-rings");
  const rings = data.rings.map((ring) => {
    const figure = element("figure", "pic-ring");
    const canvas = makeCanvas(`${data.label}, frequency ${ring.k}`);
    figure.append(element("figcaption", "pic-caption", ring.title), canvas, element("p", "pic-note", ring.note));
    holder.append(figure);
    return { ...ring, canvas };
  });
  const places = { ...data.places };
  let hovered = null, held = null;

  const unit = RING / 2 / 1.32; // pixels a radius
  const at = ([x, y]) => [RING / 2 + Math.max(-1.3, Math.min(1.3, x)) * unit, RING / 2 - Math.max(-1.3, Math.min(1.3, y)) * unit];
  const ideal = (ring, i) => {
    const angle = (2 * Math.PI * ((ring.k * i) % data.n)) / data.n;
    return [ring.radius * Math.cos(angle), 2 * ring.k === data.n ? 0 : ring.radius * Math.sin(angle)];
  };

  function paint(theme) {
    for (const ring of rings) paintCanvas(ring.canvas, RING, RING, (g) => paintRing(g, ring, theme));
  }

  function paintRing(g, ring, theme) {
    const colour = theme.frequency(ring.order), middle = RING / 2;
    g.strokeStyle = theme.faint;
    dot(g, middle, middle, Math.abs(ring.radius) * unit);
    g.stroke();
    g.fillStyle = theme.muted;
    for (const point of ring.points) {
      dot(g, ...at(point), 1.6);
      g.fill();
    }
    if (hovered !== null) {
      const i = data.numbers.indexOf(hovered);
      if (i >= 0) {
        g.strokeStyle = theme.text;
        dot(g, ...at(ring.points[i]), 5);
        g.stroke();
      }
    }
    g.font = theme.font(12, 600);
    for (const hand of data.hands) paintHand(g, ring, hand, colour, theme);
  }

  function paintHand(g, ring, hand, colour, theme) {
    const i = places[hand.name], middle = RING / 2;
    const actual = at(ring.own?.[hand.name] ?? ring.points[i]), right = at(ideal(ring, i));
    [g.strokeStyle, g.fillStyle, g.lineWidth] = [colour, colour, hand.dashed ? 1.5 : 2.5];
    g.setLineDash(hand.dashed ? [4, 3] : []);
    g.beginPath();
    g.moveTo(middle, middle);
    g.lineTo(...actual);
    g.stroke();
    g.setLineDash([]);
    g.lineWidth = 1.5;
    dot(g, ...right, 5.5); // where it ought to be: a hollow ring
    g.stroke();
    dot(g, ...actual, 4);
    g.fill();
    g.lineWidth = 1;
    const [dx, dy] = [actual[0] - middle, actual[1] - middle], length = Math.hypot(dx, dy) || 1;
    const x = actual[0] + (dx / length) * 13, y = actual[1] + (dy / length) * 13;
    [g.fillStyle, g.strokeStyle, g.lineWidth] = [theme.text, theme.background, 3];
    const [tx, ty] = [Math.max(8, Math.min(RING - 8, x)), Math.max(9, Math.min(RING - 9, y))];
    [g.textAlign, g.textBaseline] = ["center", "middle"];
    g.strokeText(hand.label, tx, ty);
    g.fillText(hand.label, tx, ty);
    g.lineWidth = 1;
  }

  for (const ring of rings) {
    const nearest = (event) => {
      const box = ring.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      const far = ring.points.map((point) => Math.hypot(at(point)[0] - x, at(point)[1] - y));
      return far.indexOf(Math.min(...far));
    };
    ring.canvas.onpointermove = (event) => {
      const i = nearest(event);
      pointed(data.numbers[i]);
      if (held) {
        places[held] = i;
        holder.repaint();
      }
      const where = data.hands.map((hand) => `${hand.name} = ${data.numbers[places[hand.name]]}`).join(", ");
      say(held ? where : `${data.word} ${data.numbers[i]}`);
    };
    ring.canvas.onpointerleave = () => {
      if (!held) pointed(null);
      say("");
    };
    if (!data.draggable) continue;
    ring.canvas.classList.add("pic-draggable");
    ring.canvas.onpointerdown = (event) => {
      const box = ring.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      const far = data.hands.map((hand) => Math.hypot(at(ring.points[places[hand.name]])[0] - x, at(ring.points[places[hand.name]])[1] - y));
      held = data.hands[far.indexOf(Math.min(...far))].name;
      places[held] = nearest(event);
      ring.canvas.setPointerCapture(event.pointerId);
      holder.repaint();
    };
    ring.canvas.onpointerup = () => {
      if (held) holder.pick?.(Object.fromEntries(data.hands.map((hand) => [hand.name, data.numbers[places[hand.name]]])));
      held = null;
    };
    ring.canvas.onpointercancel = () => (held = null);
  }
  holder.hover = (number) => (hovered = number);
  holder.paint = paint;
  return holder;
}
