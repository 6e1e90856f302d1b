// The step that all figures of runs on sequences share.
import assert from "node:assert/strict";
import test from "node:test";

import { boundaryFrom } from "../../../grokviz/view/elsewhere/js/slider.js";

import { beginAt, moveTo, onStep, snapshotInView, stepInView, valueInView } from "../../../grokviz/view/elsewhere/js/clock.js";

test("the first figure that knows where to begin begins, and whoever listens hears of every move", () => {
  const heard = [];
  const stop = onStep(() => heard.push(stepInView()));
  beginAt(20);
  beginAt(70);
  moveTo(20);
  moveTo(31);
  stop();
  moveTo(25);
  assert.deepEqual(heard, [20, 31]);
});

test("the snapshot in view is the nearest, of two as near the earlier", () => {
  const steps = [0, 10, 40];
  for (const [step, index] of [[0, 0], [5, 0], [6, 1], [25, 1], [26, 2], [99, 2]]) {
    moveTo(step);
    assert.equal(snapshotInView(steps), index, String(step));
  }
});

test("a value between two rows lies on the line between them, beyond the last it stays", () => {
  const values = [4, 2, 1];
  for (const [step, value] of [[0, 4], [5, 3], [10, 2], [25, 1.5], [40, 1], [90, 1]]) {
    moveTo(step);
    assert.equal(valueInView([0, 10, 40], values), value, String(step));
  }
  moveTo(5);
  assert.ok(Number.isNaN(valueInView([0, 10], [null, 2])));
  assert.ok(Number.isNaN(valueInView([], [])));
});

test("PageUp and PageDown go from one end of a cliff to the next, and no further than there is one", () => {
  const ends = [0, 20, 35, 90];
  for (const [step, direction, next] of [[0, 1, 20], [20, 1, 35], [21, -1, 20], [20, -1, 0], [90, 1, 90], [0, -1, 0]]) {
    assert.equal(boundaryFrom(step, ends, direction), next, `${step} ${direction}`);
  }
});
