import assert from "node:assert/strict";
import test from "node:test";

import { freePlace, keepInside } from "../../../grokviz/view/film/js/kit/labels.js";
import { eased, elementsAt, standing } from "../../../grokviz/view/pictures/js/cosets.js";
import { sizeInWords, timesSmaller } from "../../../grokviz/view/film/js/kit/fit.js";
import { labelPlace } from "../../../grokviz/view/film/js/kit/hands.js";
import { waveTimes } from "../../../grokviz/view/film/js/kit/waves.js";
import { makeWaves } from "../../../grokviz/view/pictures/js/waves.js";

const SIDE = 168;

/** A page with a canvas that writes down where it is drawn on. */
function drawnOn(make, data) {
  const calls = [], g = new Proxy({}, {
    get: (_, name) => (name === "measureText" ? (text) => ({ width: 7 * text.length }) : (...given) => void calls.push([name, ...given])),
    set: () => true,
  });
  globalThis.document = { createElement: () => ({
    style: {}, classList: { add() {} }, children: [], clientWidth: 600, setAttribute() {}, getContext: () => g,
    append(...children) { this.children.push(...children); },
  }) };
  const page = { say() {}, repaint() {}, pick() {} };
  const theme = { font: () => "", frequency: () => "", muted: "", faint: "", text: "", background: "", hair: "" };
  const picture = make(data, page);
  picture.paint(theme, { numbers: [], pair: null, answer: null });
  delete globalThis.document;
  return { calls, words: textOf(picture.element) };
}

const textOf = (element) => [element.textContent ?? "", ...(element.children ?? []).map(textOf)].join(" ");

const clock = (n, radius) => Array.from({ length: n }, (_, i) => [radius * Math.cos((2 * Math.PI * i) / n), radius * Math.sin((2 * Math.PI * i) / n)]);

test("sizes have names", () => {
  assert.equal(sizeInWords(2), "drawn at ½ size");
  assert.equal(sizeInWords(12), "drawn at 1/12 size");
  assert.equal(timesSmaller(2.6, 1.3), 2);
});

test("the label of a hand is in line with it and inside the frame", () => {
  for (const length of [0, 5, 40, 60, 79]) {
    for (let angle = 0; angle < 6.3; angle += 0.1) {
      const tip = [length * Math.cos(angle), length * Math.sin(angle)], [x, y] = labelPlace(tip, 21, SIDE);
      assert.ok(Math.abs(x) + 10.5 <= SIDE / 2 && Math.abs(y) + 6 <= SIDE / 2, `${length} ${angle}: ${x} ${y}`);
      assert.ok(Math.abs(x * tip[1] - y * tip[0]) < 1e-6 && x * tip[0] + y * tip[1] >= 0);
    }
  }
});

test("waves have no flat crests: what is too large is drawn smaller and says so", () => {
  const wave = (size) => clock(24, size).map(([x]) => x), lane = (size) => ({ title: "k", note: "", order: 0, actual: wave(size), ideal: wave(1), scale: 1 });
  assert.equal(waveTimes([lane(1), lane(1.2)]), 1);
  assert.equal(waveTimes([lane(1), lane(3)]), 3);
  const data = {
    kind: "waves", lanes: [lane(3)], total: lane(1), numbers: clock(24, 1).map((_, i) => i), ticks: [0], axis: "c", right: 0, rightLabel: "0",
    winner: 0, winnerLabel: "0 wins", shared: true, label: "", hint: "",
  };
  const { calls } = drawnOn(makeWaves, data);
  const heights = calls.filter(([name]) => name === "lineTo").map(([, , y]) => y), lanes = heights.filter((y) => y >= 23 && y <= 24 + 54.01);
  const crest = Math.min(...lanes);
  assert.ok(lanes.filter((y) => Math.abs(y - crest) < 0.01).length <= 2, "a flat crest");
  assert.ok(calls.some(([name, text]) => name === "fillText" && text === "drawn at ⅓ size"));
});

test("labels at the top of a plot are whole, and a free place is found between them", () => {
  const labels = [{ at: -4 }, { at: 3 }];
  keepInside(labels, 8, 100, 15);
  assert.deepEqual(labels.map(({ at }) => at), [8, 23]);
  assert.equal(freePlace([140, 160], 150, 19), 121);
  assert.equal(freePlace([], 150, 19), 150);
});

test("elements walk from their numbers to their places among the cosets", () => {
  const order = [2, 0, 3, 1];
  assert.deepEqual([...standing(order, 0)], [0, 1, 2, 3]);
  assert.deepEqual([...standing(order, 1)], [1, 3, 0, 2]);
  assert.deepEqual([...standing(order, 0.5)], [0.5, 2, 1, 2.5]);
  assert.deepEqual([0, 0.5, 1].map(eased), [0, 0.5, 1]);
  for (let share = 0.01; share < 1; share += 0.01) assert.ok(eased(share) > eased(share - 0.01));
});

test("what is under the pointer follows the order", () => {
  const side = { values: [1, 2, 3, 4], scale: 4, order: [2, 0, 3, 1], starts: [2] };
  const data = { n: 4, a: side, b: { ...side, order: [3, 2, 1, 0] } }, place = { x: 100, y: 100, size: 40 };
  assert.deepEqual(elementsAt(data, place, 0, 105, 125), { a: 2, b: 0 });
  assert.deepEqual(elementsAt(data, place, 1, 105, 125), { a: 3, b: 3 });
  assert.deepEqual(elementsAt(data, place, 1, 50, 105), { a: 2, b: null });
  assert.equal(elementsAt(data, place, 1, 50, 50), null);
});
