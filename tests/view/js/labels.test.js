import assert from "node:assert/strict";
import test from "node:test";

import { keepInside, spread } from "../../../grokviz/view/film/js/kit/labels.js";

const places = (labels) => labels.map(({ at }) => at);

test("labels move apart no further than they must", () => {
  const labels = [{ at: 50 }, { at: 10 }, { at: 52 }];
  spread(labels, 15);
  assert.equal(places(labels)[0], 10);
  assert.ok(labels[2].at - labels[1].at >= 14.9);
  assert.ok(Math.abs((labels[1].at + labels[2].at) / 2 - 51) < 1e-9);
});

test("labels stay between top and bottom, still apart", () => {
  const labels = [{ at: -20 }, { at: -5 }, { at: 130 }];
  keepInside(labels, 0, 100, 15);
  assert.deepEqual(places(labels), [0, 15, 100]);
});
