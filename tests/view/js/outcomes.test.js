import assert from "node:assert/strict";
import test from "node:test";

import { cellBeside, cellInWords, fateOfCell } from "../../../grokviz/view/pictures/js/outcomes.js";

test("arrows lead to the cells beside, and not over the edge", () => {
  assert.equal(cellBeside(4, [-1, 0], 3, 2), 1);
  assert.equal(cellBeside(4, [1, 0], 3, 2), null);
  assert.equal(cellBeside(2, [0, 1], 3, 2), null);
  assert.equal(cellBeside(3, [0, -1], 3, 2), null);
  assert.equal(cellBeside(3, [0, 1], 3, 2), 4);
  assert.equal(cellBeside(3, undefined, 3, 2), null);
});

const DATA = {
  columns: { title: "Pairs to train on", values: ["20 %", "40 %"] }, rows: { title: "Weight decay", values: ["2"] }, budget: 1500,
  fates: [
    { name: "comprehension", understands: true }, { name: "grokking", understands: true },
    { name: "memorisation", understands: false }, { name: "confusion", understands: false },
  ],
  cells: [
    { seeds: [
      { seed: 0, by: [{ fate: 1, train: 60, test: 1200 }, { fate: 0, train: 50, test: 900 }] },
      { seed: 1, by: [{ fate: 2, train: 70, test: null }, { fate: 1, train: 50, test: 1100 }] },
      { seed: 2, by: [{ fate: 3, train: null, test: null }, { fate: 3, train: null, test: null }] },
    ], middle: [1, 0], kept: true },
    { seeds: [], middle: [] },
  ],
};

test("a cell says what became of each of its seeds, by the rule that is chosen", () => {
  assert.equal(cellInWords(DATA, 0, 0), "Pairs to train on 20 %, weight decay 2. Seed 0: grokking, memorised at 60, unseen pairs at 1,200; "
    + "Seed 1: memorisation, memorised at 70, unseen pairs not in 1,500; Seed 2: confusion, not memorised in 1,500 steps. A run of it can be opened.");
  assert.match(cellInWords(DATA, 0, 1), /^[^:]+: comprehension, memorised at 50, unseen pairs at 900; Seed 1: grokking/);
  assert.equal(cellInWords(DATA, 1, 0), "Pairs to train on 40 %, weight decay 2: not trained yet.");
});

test("a cell is called what its seed in the middle is called by that rule, and has a step only where that understood", () => {
  assert.deepEqual(fateOfCell(DATA, DATA.cells[0], 0), { fate: 2, step: null });
  assert.deepEqual(fateOfCell(DATA, DATA.cells[0], 1), { fate: 0, step: 900 });
  assert.equal(fateOfCell(DATA, DATA.cells[1], 0), null);
});
