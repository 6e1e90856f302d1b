// What is said of several runs, and of their difference.
import assert from "node:assert/strict";
import test from "node:test";

const { compared } = await import("../../../grokviz/view/film/js/beside.js");
const { tellApart, whyNoDifference } = await import("../../../grokviz/view/film/js/difference.js");
const { standing } = await import("../../../grokviz/view/film/js/members.js");

function rival(letter, steps, accuracy, { grokked = null, finished = true } = {}) {
  const header = { steps, finished, phases: { grokked_at: grokked } };
  return { letter, timeline: { header, arrays: { test_accuracy: { raw: Float32Array.from(accuracy), scale: 1, shift: 0 } } } };
}

/** With plain spaces. */
const said = (rivals, step) => compared(rivals, step).replaceAll("\u202f", " ");

const A = rival("A", [0, 100, 200], [0, 0.5, 1], { grokked: 180 });
const B = rival("B", [0, 400, 800], [0, 0.1, 0.98], { grokked: 700 });

test("each run is spoken of at its own nearest snapshot", () => {
  assert.equal(said([A, B], 110), "Of the pairs they have never seen, A gets 50 % and B gets 0 % right. Neither of them has understood.");
});

test("one that has ended is not spoken of as if it went on", () => {
  assert.match(said([A, B], 400), /A, which ended at step 200, got 100 % and B gets 10 % right. A understood at step 180, and the other has not\./);
  assert.match(said([rival("A", [0, 200], [0, 1], { finished: false }), B], 400), /A, which has come to step 200,/);
});

test("who was first, and by how much", () => {
  assert.match(said([A, B], 800), /A understood 520 steps before B\.$/);
  assert.match(said([B, A, rival("C", [0, 800], [0, 1], { grokked: 300 })], 800), /A understood 120 steps before C and 520 steps before B\.$/);
});

test("where a run stands is said where it is not at the step of the hand", () => {
  const film = (when, step, finished = true) => ({ header: { steps: [50, 400], finished }, when: () => when, step: () => step });
  assert.equal(standing(film("during", 400), 400), "");
  assert.equal(standing(film("during", 400), 390), "its snapshot of step 400");
  assert.equal(standing(film("after", 400), 900), "ended at step 400");
  assert.equal(standing(film("after", 400, false), 900), "has come to step 400");
  assert.equal(standing(film("before", 50), 10), "begins at step 50");
});

test("a pair is right in one, the other, both or neither, by the eighth bit", () => {
  const kinds = Uint8Array.from([0, 0, 0, 0, 4]);
  tellApart(kinds, [9, 9, 9, 9, 9, 127, 128, 127, 255, 200], 1, [127, 127, 200, 129, 128], 0);
  assert.deepEqual([...kinds], [0, 1, 2, 3, 4]);
});

test("what is not asked the same is not held against each other", () => {
  const asked = (p, table) => ({ header: { p }, arrays: { table: { raw: Int16Array.from(table) } } });
  assert.equal(whyNoDifference(asked(2, [0, 1, 1, 0]), asked(2, [0, 1, 1, 0])), null);
  assert.match(whyNoDifference(asked(2, [0, 1, 1, 0]), asked(2, [0, 0, 1, 0])), /different questions/);
  assert.match(whyNoDifference(asked(2, [0, 1, 1, 0]), asked(3, [0])), /different numbers/);
});
