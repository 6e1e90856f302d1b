import assert from "node:assert/strict";
import test from "node:test";

import { hovered, marked, NOTHING, onHover, pointAt } from "../../../grokviz/view/film/js/kit/hover.js";

const number = (n) => ({ numbers: [n], pair: null, answer: null });

test("all listeners hear of a change, and only of a change", () => {
  let heard = 0;
  const deaf = onHover(() => heard++);
  pointAt(number(4));
  pointAt(number(4));
  assert.equal(heard, 1);
  assert.deepEqual(hovered().numbers, [4]);
  deaf();
  pointAt(NOTHING);
  assert.equal(heard, 1);
  assert.deepEqual(hovered(), NOTHING);
});

test("a pair marks its numbers among questions and its answer among answers", () => {
  const pair = { numbers: [3, 9], pair: [3, 9], answer: 12 };
  assert.deepEqual(marked(pair, "questions"), [3, 9]);
  assert.deepEqual(marked(pair, "answers"), [12]);
  assert.deepEqual(marked({ ...pair, answer: null }, "answers"), []);
  assert.deepEqual(marked(number(4), "answers"), [4]);
});
