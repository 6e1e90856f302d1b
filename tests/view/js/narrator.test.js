import assert from "node:assert/strict";
import test from "node:test";

import { noKey, phaseAt, phaseBands } from "../../../grokviz/view/film/js/kit/timeline.js";
import { racePanel } from "../../../grokviz/view/film/js/panels/race.js";
import { narrate, spoken } from "../../../grokviz/view/film/js/narrator.js";

const array = (...raw) => ({ raw: Float32Array.from(raw), shape: [raw.length], size: 1, scale: 1, shift: 0 });
const NEVER = { memorised_at: null, circuit_from: null, cleanup_from: null, cleanup_to: null, grokked_at: null };

function run(header = {}, arrays = {}) {
  return {
    header: {
      p: 113, group: { is_cyclic: true, blocks: Array(57) }, steps: [0, 1000, 5000, 20_000], key_freqs: [2, 3], finished: true, planned_steps: 20_000,
      phases: { memorised_at: 900, circuit_from: 1000, cleanup_from: 5000, cleanup_to: 20_000, grokked_at: 12_000 },
      bands: [["memorisation", 0, 1000], ["circuit formation", 1000, 5000], ["cleanup", 5000, 20_000]],
      ...header,
    },
    arrays: {
      train_accuracy: array(0.01, 1, 1, 1), test_accuracy: array(0.01, 0.012, 0.3, 0.9998),
      train_loss: array(4.7, 1e-3, 3e-7, 1e-8), test_loss: array(4.72, 24, 6, 4e-7),
      sum_squared_weights: array(4200, 4000, 3000, 1200),
      spectrum_W_E: { raw: Float32Array.from({ length: 16 }, (_, j) => (j % 4 === 1 || j % 4 === 2 ? 3 : 1)), shape: [4, 4], size: 4, scale: 1, shift: 0 },
      ...arrays,
    },
    maps: null,
  };
}

test("each phase has its own sentence, with the run's own numbers", () => {
  const sentences = run().header.steps.map((_, i) => narrate(run(), i));
  assert.match(sentences[0], /^Nothing is learned yet: it guesses, and gets 1\.0.% of the pairs it has never seen\.$/);
  assert.match(sentences[1], /known for 100 steps, yet inside two waves now make up 90.% of how it keeps the numbers \(by chance 3\.6.%\)/);
  assert.match(sentences[2], /^The rule takes over\..*It gets 30.% of the pairs it has never seen\.$/);
  assert.match(sentences[3], /^It has understood: over 99\.9.% .* with two waves\.$/);
});

test("a run that goes on says so at its last step, and only there", () => {
  const growing = run({ finished: false, planned_steps: 40_000 });
  assert.match(narrate(growing, 3), /Training goes on: this is step 20,000 of 40,000\.$/);
  assert.doesNotMatch(narrate(growing, 2), /goes on/);
});

test("a run that never memorised is in the phase that Python names", () => {
  const never = run({ phases: NEVER, bands: [["memorisation", 0, null]] });
  assert.deepEqual(phaseBands(never.header), [{ name: "memorisation", from: 0, to: 20_000 }]);
  assert.equal(phaseAt(never.header, 5000), "memorisation");
});

test("a screen reader hears powers of ten as words", () => {
  assert.equal(spoken(run(), 2), "step 5,000, cleanup; training loss 3.0 times ten to the minus 7, test loss 6.00");
});

test("a rule that is lost again is not called understood", () => {
  const lost = run({ phases: { ...run().header.phases, cleanup_to: 15_000 } }, { test_accuracy: array(0.01, 0.012, 0.3, 0.2) });
  assert.match(narrate(lost, 3), /^It had understood, and has lost the rule again: 20.% of the pairs it has never seen are right, and 100.% of those/);
});

test("a group that is no clock is built of blocks, not of waves", () => {
  const group = { is_cyclic: false, blocks: ["(5)", "(4,1)", "(3,2)", "(1,1)"], sizes: [1, 16, 25, 1] };
  const shuffles = run({ group, key_freqs: [1, 3] });
  assert.match(narrate(shuffles, 1), /yet inside two blocks now make up .* \(by chance 40.%\)/);
  assert.match(narrate(shuffles, 3), /with two blocks\.$/);
  assert.equal(noKey(shuffles), "No block is key in this run");
  const race = racePanel.caption({ ...shuffles, header: { ...shuffles.header, race: { ahead: 1000, decided: 1000, open: null } },
    arrays: { ...shuffles.arrays, trig_coefficients: { raw: Float32Array.from({ length: 12 }, (_, j) => [3, 1, 2][j % 3]), size: 3 } } }, 1);
  assert.match(race, /\(4,1\) and \(1,1\) lead at step 1,000/);
  assert.doesNotMatch(race, /requenc/);
});
