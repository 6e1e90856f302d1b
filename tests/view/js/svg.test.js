// Figures written down as SVG: the marks, worked out by hand.
import assert from "node:assert/strict";
import test from "node:test";

import { makeSvgCanvas } from "../../../grokviz/view/film/js/kit/svg.js";

const ruler = { font: "", measureText: (text) => ({ width: text.length * 10 }) };
const inside = (draw) => {
  const svg = makeSvgCanvas(100, 50, ruler);
  draw(svg);
  return svg.text().replace(/^<svg[^>]*>|<\/svg>$/g, "");
};

test("a drawing says how large it is", () => {
  assert.equal(makeSvgCanvas(100, 50, ruler).text(), '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50" viewBox="0 0 100 50"></svg>');
});

test("lines, boxes and their looks", () => {
  assert.equal(inside((g) => {
    [g.strokeStyle, g.lineWidth] = ["#123456", 2];
    g.setLineDash([4, 2]);
    g.beginPath(), g.moveTo(1, 2), g.lineTo(3.14159, 4), g.stroke();
  }), '<path d="M1 2L3.14 4" fill="none" stroke="#123456" stroke-width="2" stroke-linejoin="miter" stroke-dasharray="4 2"/>');
  assert.equal(inside((g) => { g.fillStyle = "red"; g.globalAlpha = 0.5; g.fillRect(10, 10, -4, -2); }), '<rect x="6" y="8" width="4" height="2" fill="red" opacity="0.5"/>');
});

test("a whole circle is two halves, a part of one keeps to its direction", () => {
  assert.match(inside((g) => { g.beginPath(); g.arc(10, 10, 5, 0, 2 * Math.PI); g.fill(); }), /d="M15 10A5 5 0 0 1 5 10A5 5 0 0 1 15 10"/);
  assert.match(inside((g) => { g.beginPath(); g.arc(0, 0, 1, 0, Math.PI / 2); g.stroke(); }), /d="M1 0A1 1 0 0 1 0.71 0.71A1 1 0 0 1 0 1"/);
});

test("texts stand where a canvas has them, and no text is read as markup", () => {
  const text = inside((g) => { [g.font, g.textAlign, g.textBaseline] = ["600 12px Inter, sans-serif", "right", "middle"]; g.fillText("a < b & \"c\"", 5, 6); });
  assert.equal(text, '<text x="5" y="6" dy="0.35em" text-anchor="end" style="font:600 12px Inter, sans-serif" xml:space="preserve" fill="#000000">a &lt; b &amp; &quot;c&quot;</text>');
  assert.equal(makeSvgCanvas(1, 1, ruler).measureText("four").width, 40);
});

test("what is restored is as it was, and a clip holds until then", () => {
  const [clip, first, second] = inside((g) => {
    g.save(), g.beginPath(), g.rect(0, 0, 4, 4), g.clip();
    g.fillStyle = "blue";
    g.fillRect(0, 0, 9, 9), g.restore(), g.fillRect(1, 1, 2, 2);
  }).split("\n");
  const id = /id="([^"]+)"/.exec(clip)[1];
  assert.equal(clip, `<clipPath id="${id}"><path d="M0 0h4v4h-4Z"/></clipPath>`);
  assert.ok(first.includes('fill="blue"') && first.includes(`clip-path="url(#${id})"`));
  assert.equal(second, '<rect x="1" y="1" width="2" height="2" fill="#000000"/>');
});

test("an image is carried along, and a part of one refused", () => {
  const source = { width: 3, height: 2, toDataURL: () => "data:image/png;base64,AA==" };
  assert.match(inside((g) => { g.imageSmoothingEnabled = false; g.drawImage(source, 1, 1, 30, 20); }), /href="data:image\/png;base64,AA==" style="image-rendering:pixelated"/);
  assert.throws(() => inside((g) => g.drawImage(source, 0, 0, 1, 1, 0, 0, 1, 1)), /whole/);
});

test("a drawing is placed in another", () => {
  const small = makeSvgCanvas(10, 10, ruler);
  small.fillRect(0, 0, 1, 1);
  assert.match(inside((g) => g.place(small, 20, 30)), /^<svg x="20" y="30" overflow="visible"><rect [^>]*\/><\/svg>$/);
});
