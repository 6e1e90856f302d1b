import assert from "node:assert/strict";
import test from "node:test";

globalThis.PALETTE = { series: {}, phases: {}, frequencies: { light: [], dark: [] }, viridis: [], cividis: [] };
const { understoodPanel, understoodSince } = await import("../../../grokviz/view/film/js/panels/understood.js");

const RIGHT = 128, NEVER = 0xffff;
/** Three snapshots of a run mod 2: four questions, the last of which has no answer. */
const run = () => ({
  header: { p: 2, steps: [0, 10, 50], finished: true },
  arrays: {
    answers: { raw: Uint8Array.from([RIGHT, 3, 0, 0, RIGHT + 1, RIGHT, 9, 0, RIGHT, RIGHT, RIGHT + 127, 0]), size: 4 },
    side: { raw: Uint8Array.from([1, 2, 2, 0]), size: 4 },
    table: { raw: Int16Array.from([0, 1, 1, -1]), size: 4 },
  },
});

test("a question is understood from the first snapshot after which its answer is never wrong", () => {
  assert.deepEqual([...understoodSince(run())], [0, 1, 2, NEVER]);
  const lost = run();
  lost.arrays.answers.raw[8] = 127; // right at first, wrong at the end
  assert.deepEqual([...understoodSince(lost)], [NEVER, 1, 2, NEVER]);
});

test("the caption counts what is understood for good, by side", () => {
  assert.match(understoodPanel.caption(run(), 0), /^By now 0.% of the questions that it never sees .* and 100.% of those/);
  assert.match(understoodPanel.caption(run(), 1), /^By now 50.%/);
  assert.match(understoodPanel.caption(run(), 2), /^By now 100.%/);
});

test("a press leads to the snapshot of that question, and nowhere from one that is never right", () => {
  const timeline = run(), context = { width: 300, height: 300, scale: 1, timeline, theme: {} };
  const own = { since: understoodSince(timeline), side: timeline.arrays.side.raw };
  const found = [];
  for (let x = 0; x < 300; x += 10) for (let y = 0; y < 300; y += 10) found.push(understoodPanel.press(own, x, y, context));
  assert.deepEqual([...new Set(found)].sort(), [0, 1, 2, null].sort());
});
