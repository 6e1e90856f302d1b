// What all pictures share: a canvas of the size of its place, a line of words under it, a number under the pointer.

export const HOVER = "grokviz-number"; // a number that is pointed at is marked in every picture

export function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// A canvas that is drawn by paint(g, width, height, theme), in CSS pixels, sharp on every screen.
export function makeCanvas(label) {
  const canvas = element("canvas", "pic-canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

export function paintCanvas(canvas, width, height, paint) {
  const scale = Math.min(globalThis.devicePixelRatio || 1, 2);
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
  const g = canvas.getContext("2d");
  g.setTransform(scale, 0, 0, scale, 0, 0);
  paint(g);
}

export function dot(g, x, y, radius) {
  g.beginPath();
  g.arc(x, y, radius, 0, 2 * Math.PI);
}

export function pointed(number) {
  globalThis.dispatchEvent(new CustomEvent(HOVER, { detail: number }));
}

export function write(g, text, x, y, align = "left", baseline = "middle") {
  [g.textAlign, g.textBaseline] = [align, baseline];
  g.fillText(text, x, y);
}
