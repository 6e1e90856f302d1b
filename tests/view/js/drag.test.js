// A finger on the strip: it scrolls the page, drags, or taps.
import assert from "node:assert/strict";
import test from "node:test";

import { makeDraggable } from "../../../grokviz/view/film/js/kit/canvas.js";

function held() {
  const canvas = { classList: { add() {}, remove() {} }, setPointerCapture() {} }, said = [];
  makeDraggable(canvas, { dragTo: (unit) => said.push(unit), settle: () => said.push("settle") }, (x) => x);
  const send = (kind, offsetX, pointerType) => canvas[`onpointer${kind}`]({ button: 0, pointerId: 1, offsetX, pointerType, timeStamp: 0 });
  return { said, send };
}

test("a mouse drags from where it is pressed", () => {
  const { said, send } = held();
  send("move", 3, "mouse");
  send("down", 10, "mouse");
  send("move", 11, "mouse");
  send("up", 11, "mouse");
  send("move", 40, "mouse");
  assert.deepEqual(said, [10, 11, "settle"]);
});

test("a finger that the browser takes to scroll the page moves nothing", () => {
  const { said, send } = held();
  send("down", 10, "touch");
  send("move", 13, "touch");
  send("cancel", 13, "touch");
  send("move", 60, "touch");
  assert.deepEqual(said, []);
});

test("a finger that goes aside drags, and one that taps presses", () => {
  const { said, send } = held();
  send("down", 10, "touch");
  send("move", 20, "touch");
  send("move", 22, "touch");
  send("up", 22, "touch");
  send("down", 50, "touch");
  send("up", 50, "touch");
  assert.deepEqual(said, [20, 22, "settle", 50, "settle"]);
});
