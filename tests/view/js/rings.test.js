import assert from "node:assert/strict";
import test from "node:test";

import { clockness, markPlaces, nearestPoint, onRing, ringPlaces } from "../../../grokviz/view/film/js/kit/rings.js";

const clock = (p, k, turn = 0, sense = 1) =>
  Float32Array.from({ length: 2 * p }, (_, j) => {
    const angle = sense * ((2 * Math.PI * k * (j >> 1)) / p) + turn;
    return 3 * (j % 2 ? Math.sin(angle) : Math.cos(angle));
  });

test("a clock fits a clock of its frequency, turned or the other way around", () => {
  for (const [turn, sense] of [[0, 1], [1.2, 1], [0.4, -1]]) {
    assert.ok(Math.abs(clockness(clock(23, 5, turn, sense), 5) - 1) < 1e-6);
    assert.ok(clockness(clock(23, 5, turn, sense), 6) < 1e-6);
  }
  assert.equal(clockness(new Float32Array(46), 5), 0);
});



test("rings lie inside their figure and do not overlap", () => {
  for (const count of [1, 2, 3, 5, 8]) {
    const places = ringPlaces(count, 340, 350);
    assert.equal(places.length, count);
    for (const { x, y, r } of places) {
      assert.ok(x - r >= -0.5 && x + r <= 340.5 && y - r >= -0.5 && y + r + 20 <= 352, `${count}: ${x} ${y} ${r}`);
    }
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < i; j++) {
        const apart = Math.hypot(places[i].x - places[j].x, places[i].y - places[j].y);
        assert.ok(apart >= 2 * places[i].r, `${count}: ${i} and ${j}`);
      }
    }
  }
});

test("up is up on the canvas, and the nearest point within reach is found", () => {
  assert.deepEqual(onRing({ x: 100, y: 100, r: 50 }, 40, 0, 1), [100, 60]);
  const points = [[0, 0], [10, 0], [20, 0]];
  assert.equal(nearestPoint(points, 12, 1).i, 1);
  assert.equal(nearestPoint(points, 12, 40, 18).i, -1);
});

test("the names of marked numbers stand on no other name and on no mark", () => {
  const middle = { x: 100, y: 100 }, width = 14;
  for (let turn = 0; turn < 2 * Math.PI; turn += 0.31) {
    for (const apart of [0.02, 0.1, 0.4]) {
      const points = [turn, turn + apart, turn - apart].map((w) => [100 + 60 * Math.cos(w), 100 + 60 * Math.sin(w)]);
      const places = markPlaces(points, [width, width, width], middle);
      for (const [i, [x, y]] of places.entries()) {
        for (const [u, v] of places.slice(0, i)) assert.ok(Math.abs(x - u) >= width || Math.abs(y - v) >= 14, `${turn} ${apart}`);
        for (const [u, v] of points) assert.ok(Math.abs(x - u) >= 6 + width / 2 - 1e-9 || Math.abs(y - v) >= 13 - 1e-9, `${turn} ${apart}`);
      }
    }
  }
});

test("a name alone stands towards the middle", () => {
  const [[x, y]] = markPlaces([[160, 100]], [14], { x: 100, y: 100 });
  assert.ok(x < 150 && x > 130 && Math.abs(y - 100) < 1e-9);
});
