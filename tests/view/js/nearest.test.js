import assert from "node:assert/strict";
import { test } from "node:test";

import { farFrom, nearestCase } from "../../../grokviz/view/site/js/nearest.js";

const caseOf = (query) => ({ run: "r", label: "", text: "", files: [], query });
const asked = (query) => (name) => query[name] ?? null;

test("of several questions the one with the nearest numbers is taken, and the first where nothing is asked", () => {
  const cases = [caseOf({ a: "19", b: "29" }), caseOf({ a: "30", b: "1" }), caseOf({ a: "34", b: "34" })];
  assert.equal(nearestCase(cases, asked({})), cases[0]);
  assert.equal(nearestCase(cases, asked({ a: "30", b: "1" })), cases[1]);
  assert.equal(nearestCase(cases, asked({ a: "28", b: "4" })), cases[1]); // 5 away, the others 34 and 36
  assert.equal(nearestCase(cases, asked({ a: "x", b: "34" })), cases[2]);
});

test("another cut is farther than any pair", () => {
  const cases = [caseOf({ cuts: "logits-drop-1", a: "0", b: "0" }), caseOf({ cuts: "clusters-1", a: "99", b: "99" })];
  assert.equal(nearestCase(cases, asked({ cuts: "clusters-1", a: "0", b: "0" })), cases[1]);
  assert.equal(farFrom(cases[0], asked({ a: "3", b: "0" })), 3);
  assert.equal(farFrom(cases[0], asked({})), 0);
  assert.ok(farFrom(cases[0], asked({ a: "9".repeat(12) })) < farFrom(cases[0], asked({ cuts: "none" })));
});
