import assert from "node:assert/strict";
import { test } from "node:test";

import { fittedAt } from "../../../grokviz/view/film/js/kit/plot.js";

const theme = { widthOf: (label) => 7 * label.length };

test("a name beside the curves ends within the figure, however narrow the margin", () => {
  assert.equal(fittedAt("test", { right: 300, margin: 60 }, theme), 308);
  for (const margin of [10, 40, 60, 90]) {
    assert.ok(fittedAt("restricted", { right: 300, margin }, theme) + 70 <= 300 + margin + 1e-9, String(margin));
  }
  assert.equal(fittedAt("restricted", { right: 300, margin: 40 }, theme), 270);
});
