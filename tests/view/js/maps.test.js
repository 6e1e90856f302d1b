import assert from "node:assert/strict";
import test from "node:test";

import { hoverSmall, sourcesInOrder, mapOrder, mapPlace, pairAt, smallPlaces, wholeSquare } from "../../../grokviz/view/film/js/kit/maps.js";

test("a square has a whole number of device pixels a pair, if it can", () => {
  assert.equal(wholeSquare(350, 113, 1), 339);
  assert.equal((wholeSquare(350, 113, 2) * 2) % 113, 0);
  assert.equal(wholeSquare(100, 97, 1), 97);
  assert.equal(wholeSquare(190, 100, 1), 190); // 100 would leave half of it empty
});

test("a pair is found in its own cell, row first, and nowhere outside", () => {
  const place = { x: 30, y: 20, size: 130 };
  assert.deepEqual(pairAt(place, 13, 30 + 10 * 4 + 5, 20 + 10 * 7 + 5), [7, 4]);
  assert.deepEqual(pairAt(place, 13, 30, 20), [0, 0]);
  assert.equal(pairAt(place, 13, 29, 25), null);
  assert.equal(pairAt(place, 13, 30 + 130, 25), null);
});

test("maps lie inside their figure", () => {
  const { x, y, size } = mapPlace(340, 350, 2, 113);
  assert.ok(x >= 28 && x + size <= 340 && y + size + 20 <= 350);
  for (const count of [1, 4, 9]) {
    const places = smallPlaces(count, 340, 350, 113, 1);
    assert.equal(places.length, count);
    for (const place of places) {
      assert.ok(place.x >= 0 && place.x + place.size <= 341 && place.y >= 20 && place.y + place.size <= 351, `${count}`);
    }
  }
});

test("a hover over a small map names the pair and its answer", () => {
  const table = { raw: Int16Array.from({ length: 25 }, (_, j) => (j === 24 ? -1 : j % 5)) };
  const timeline = { header: { p: 5 }, arrays: { table } };
  const places = [{ x: 0, y: 0, size: 50 }, { x: 60, y: 0, size: 50 }];
  const found = hoverSmall(places, timeline, 60 + 35, 15, (map, pair) => `${map}: ${pair}`);
  assert.deepEqual(found, { numbers: [1, 3], pair: [1, 3], answer: 3, words: "1: 1,3" });
  assert.equal(hoverSmall(places, timeline, 45, 45, () => "").answer, null);
  assert.equal(hoverSmall(places, timeline, 55, 15, () => ""), null);
});

test("maps of a product stand in the order of the powers, and leave out 0", () => {
  const table = { raw: Int16Array.from({ length: 25 }, (_, j) => (Math.floor(j / 5) * j) % 5) };
  const group = { root: 2, tokens: [1, 2, 4, 3], tokens_b: [1, 3, 4, 2] };
  const timeline = { header: { p: 5, group }, arrays: { table } };
  const order = mapOrder(timeline);
  assert.equal(order.n, 4);
  const sources = Float32Array.from([0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 99]); // a, b and "="
  assert.deepEqual([...sourcesInOrder(sources, order)], [1, 2, 4, 3, 11, 13, 14, 12, 99]);
  const found = hoverSmall([{ x: 0, y: 0, size: 40 }], timeline, 15, 25, (_, pair, cell) => `${pair} in ${cell}`);
  assert.equal(found.words, "4,3 in 2,1");
  assert.deepEqual(found.pair, [4, 3]);
  const plain = { header: { p: 5, group: { ...group, root: null } } };
  assert.deepEqual([...sourcesInOrder(sources, mapOrder(plain))], [...sources]);
});
