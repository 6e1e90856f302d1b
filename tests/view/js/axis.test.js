import assert from "node:assert/strict";
import test from "node:test";

import { bestAxis, fittedTicks, logDomain, logTicks, makeAxis, stepTicks } from "../../../grokviz/view/film/js/kit/axis.js";

const STEPS = [0, 100, 400, 1600, 40_000];

for (const kind of ["linear", "root", "log"]) {
  test(`on the ${kind} axis places and snapshots are each other's inverse`, () => {
    const axis = makeAxis(STEPS, kind);
    assert.equal(axis.unit(0), 0);
    assert.equal(axis.unit(40_000), 1);
    for (const position of [0, 0.3, 1, 2.5, 3.99, 4]) {
      assert.ok(Math.abs(axis.positionAt(axis.unitAt(position)) - position) < 1e-9, `${position}`);
    }
    assert.equal(axis.positionAt(-1), 0);
    assert.equal(axis.positionAt(2), 4);
  });

  test(`ticks of the ${kind} axis do not touch`, () => {
    const axis = makeAxis(STEPS, kind), ticks = stepTicks(axis, 40_000, 700);
    assert.equal(ticks[0], 0);
    assert.ok(ticks.length >= 4, String(ticks));
    const places = ticks.map((step) => axis.unit(step) * 700);
    for (let i = 2; i < places.length; i++) assert.ok(places[i] - places[i - 1] >= 58, String(ticks));
  });
}

test("one snapshot has an axis too", () => {
  const axis = makeAxis([0], "root");
  assert.equal(axis.unitAt(0), 0);
  assert.equal(axis.positionAt(0.5), 0);
  assert.deepEqual(stepTicks(axis, 0, 700), [0]);
});

test("a run that groks early gets the axis that gives that room", () => {
  const header = (from, to) => ({ steps: STEPS, phases: { circuit_from: from, cleanup_to: to } });
  assert.equal(bestAxis(header(100, 1600)), "root");
  assert.equal(bestAxis(header(1600, 40_000)), "linear");
  assert.equal(bestAxis(header(100, null)), "linear");
});

test("a log domain spans what is positive and finite", () => {
  const [low, high] = logDomain([{ values: [0, NaN, 3e-7, 24, Infinity] }]);
  assert.equal(low, 1e-7);
  assert.ok(high > 24 && high < 40);
  assert.deepEqual(logDomain([{ values: [NaN] }])[0], 0.1);
  assert.ok(logDomain([{ values: [5, 5] }])[0] <= 0.05); // two decades at least
});

test("log ticks are decades, as many as fit", () => {
  assert.deepEqual(logTicks([1e-3, 50], 200), [10, 1, 0.1, 1e-2, 1e-3]);
  const few = logTicks([1e-8, 50], 80).map(Math.log10).map(Math.round);
  assert.ok(few.length <= 4);
  assert.equal(new Set(few.slice(1).map((e, i) => e - few[i])).size, 1);
});

test("fitted ticks are round and stay inside", () => {
  assert.deepEqual(fittedTicks(4500), [0, 2000, 4000]);
  assert.deepEqual(fittedTicks(1), [0, 0.5, 1]);
});
