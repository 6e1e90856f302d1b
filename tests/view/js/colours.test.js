import assert from "node:assert/strict";
import test from "node:test";

import { abgr, cssColour, mixed, parseColour, ramp, wheel } from "../../../grokviz/view/film/js/kit/colours.js";

test("colours go from text to channels, to words of an image and back", () => {
  assert.deepEqual(parseColour("#D55E00", "#000000"), [213, 94, 0]);
  assert.deepEqual(parseColour("", "#ffffff"), [255, 255, 255]);
  assert.equal(abgr([213, 94, 0]), 0xff005ed5);
  assert.equal(cssColour(abgr([213, 94, 0])), "rgb(213,94,0)");
  assert.equal(mixed([0, 0, 0], [255, 255, 255], 0.2), "rgb(51,51,51)");
});

test("a ramp ends in its stops and passes through them", () => {
  const colours = ramp(["#000000", "#808080", "#ffffff"], 5);
  assert.deepEqual([...colours].map(cssColour), ["rgb(0,0,0)", "rgb(64,64,64)", "rgb(128,128,128)", "rgb(192,192,192)", "rgb(255,255,255)"]);
});

test("a wheel has as many colours as it says, all different", () => {
  assert.equal(new Set(wheel(64, 0.7, 0.15)).size, 64);
});
