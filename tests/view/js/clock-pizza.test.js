import assert from "node:assert/strict";
import test from "node:test";

globalThis.PALETTE = { series: {}, phases: {}, frequencies: { light: [], dark: [] }, viridis: [], cividis: [] };
const { planePanel } = await import("../../../grokviz/view/film/js/panels/plane.js");
const { attentionMap, attentionPanel } = await import("../../../grokviz/view/film/js/panels/attention.js");

const scalar = (...values) => ({ raw: Float32Array.from(values), scale: 1, shift: 0, size: 1, shape: [values.length] });
/** Random weights, a network that recites, one that adds. */
const run = (silent = {}) => ({
  header: {
    p: 5, steps: [0, 10, 50], finished: true, silent, attention_rate: 1, adds_from: { accuracy: 0.5, circularity: 0.7 },
    measures: [{ name: "gradient_symmetricity", nothing: "Two tables." }, { name: "distance_irrelevance", nothing: "" }],
  },
  arrays: {
    accuracy: scalar(0.2, 0.4, 1), circularity: scalar(0.1, 0.6, 0.9),
    gradient_symmetricity: scalar(1, 0.2, 0.5), distance_irrelevance: scalar(1, 1, 0.8),
  },
});

test("a snapshot that neither adds nor has circles means nothing, and its caption says so", () => {
  assert.deepEqual(planePanel.prepare(run(), {}).means, [false, false, true]);
  assert.match(planePanel.caption(run(), 1), /Symmetricity 0.2.*irrelevance 1.*It means nothing yet: 40.% of all pairs/);
  assert.match(planePanel.caption(run(), 2), /upper left is a pizza/);
});

test("circles alone are enough", () => {
  const circles = run();
  circles.arrays.circularity = scalar(0.1, 0.8, 0.9);
  assert.deepEqual(planePanel.prepare(circles, {}).means, [false, true, true]);
});

test("where a measure says nothing of the run, its reason stands in the place of the figure", () => {
  const layers = run();
  assert.equal(planePanel.empty(layers), null);
  delete layers.arrays.gradient_symmetricity;
  assert.equal(planePanel.empty(layers), "Two tables.");
});

test("attention panels say why there is nothing to see", () => {
  assert.equal(attentionPanel.empty(run({ attention_scores: "No attention." })), "No attention.");
  const constant = run();
  constant.arrays.attention_scores = scalar(0, 0, 0);
  assert.equal(attentionPanel.empty(constant), null);
  constant.header.attention_rate = 0;
  assert.match(attentionPanel.empty(constant), /every token attention 1/);
});

test("at an attention rate, so much of the map is the softmax, and the rest is there for every pair", () => {
  const p = 2, colours = Uint32Array.from({ length: 256 }, (_, i) => i), words = new Uint32Array(p * p);
  const scores = Float32Array.from([0, Math.log(2), 0, 0, 0]); // of a = 0, 1; b = 0, 1; "="
  attentionMap(scores, p, words, colours);
  assert.ok([...words].every((v, i) => Math.abs(v / 255 - (i < 2 ? 1 / 3 : 1 / 2)) < 1 / 128));
  attentionMap(scores, p, words, colours, 0.4);
  assert.ok([...words].every((v, i) => Math.abs(v / 255 - (0.6 + 0.4 * (i < 2 ? 1 / 3 : 1 / 2))) < 1 / 128));
});
