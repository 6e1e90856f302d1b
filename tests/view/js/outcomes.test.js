import assert from "node:assert/strict";
import test from "node:test";

import { cellBeside, cellInWords } from "../../../grokviz/view/pictures/js/outcomes.js";

test("arrows lead to the cells beside, and not over the edge", () => {
  assert.equal(cellBeside(4, [-1, 0], 3, 2), 1);
  assert.equal(cellBeside(4, [1, 0], 3, 2), null);
  assert.equal(cellBeside(2, [0, 1], 3, 2), null);
  assert.equal(cellBeside(3, [0, -1], 3, 2), null);
  assert.equal(cellBeside(3, [0, 1], 3, 2), 4);
  assert.equal(cellBeside(3, undefined, 3, 2), null);
});

test("a cell says what became of each of its seeds", () => {
  const data = {
    columns: { title: "Pairs to train on", values: ["20 %", "40 %"] }, rows: { title: "Weight decay", values: ["2"] }, budget: 1500,
    fates: [{ name: "comprehension" }, { name: "grokking" }, { name: "memorisation" }, { name: "confusion" }],
    cells: [
      { seeds: [{ seed: 0, fate: 1, train: 60, test: 1200 }, { seed: 1, fate: 2, train: 70, test: null }, { seed: 2, fate: 3, train: null, test: null }] },
      { seeds: [] },
    ],
  };
  assert.equal(cellInWords(data, 0), "Pairs to train on 20 %, weight decay 2. Seed 0: grokking, memorised at 60, unseen pairs at 1,200; "
    + "Seed 1: memorisation, memorised at 70, unseen pairs not in 1,500; Seed 2: confusion, not memorised in 1,500 steps.");
  assert.equal(cellInWords(data, 1), "Pairs to train on 40 %, weight decay 2: not trained yet.");
});
