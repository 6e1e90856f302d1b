// The curves of a group's blocks.
import assert from "node:assert/strict";
import test from "node:test";

globalThis.PALETTE = { frequencies: { light: ["#111111", "#222222"] } };
const { rises, riseSeries } = await import("../../../grokviz/view/film/js/stages/rises.js");

const timeline = {
  header: { steps: [0, 10], key_freqs: [3, 1], group: { blocks: ["(5)", "(4,1)", "(3,2)", "(1,1,1,1,1)"] } },
  arrays: { trig_coefficients: { raw: Float32Array.from([1, 2, 3, 400, -1, 600]), size: 3, shape: [2, 3], scale: 1, shift: 0 } },
};

test("key blocks are named and coloured in their order, above the pale ones, which have no values at the cursor", () => {
  const series = riseSeries(timeline);
  assert.deepEqual(series.map(({ label, colour }) => [label, colour]), [["", "second"], ["(1,1,1,1,1)", "frequency 0"], ["(4,1)", "frequency 1"]]);
  assert.deepEqual(series.map(({ values }) => [...values]), [[2, -1], [3, 600], [1, 400]]);
  assert.deepEqual(series.map(({ at }) => at.length), [0, 2, 2]);
});

test("its sentence names the strength of each, and its axis wastes no room below 0", () => {
  const panel = rises({ id: "rises", title: "How strong?" });
  assert.equal(panel.caption(timeline, 1), "At this step the answers hold (1,1,1,1,1) at 600 and (4,1) at 400.");
  const [row] = panel.prepare(timeline).plot.rows;
  assert.ok(row.domain[0] > -2 && row.domain[1] > 600);
});
