import assert from "node:assert/strict";
import test from "node:test";

const { onKey } = await import("../../../grokviz/view/film/js/keys.js");

/** An element that matches a selector which has one of its words between commas. */
const element = (...words) => ({ matches: (selector) => selector.replace(/input:not\([^)]*\)/, "input[text]").split(/,\s*/).some((s) => words.includes(s)) });

/** Whether a key moves the film when the focus is on the first of `path`. */
function moves(key, ...path) {
  const said = [], film = { by: (n) => said.push(n), toggle: () => said.push("play"), goTo: (i) => said.push(i), steps: [1] };
  onKey({ key, composedPath: () => [...path, {}], preventDefault() {} }, film, element("range"));
  return said.length > 0;
}

test("a key moves the film from anywhere but a field, a list or a table", () => {
  for (const place of [element("main"), element("button"), element("a"), element("canvas")]) assert.ok(moves("ArrowRight", place));
  for (const word of ["input[text]", "textarea", "select", "[role=slider]", "[role=listbox]", "[role=menu]", "[role=dialog]", "[role=grid]"]) {
    assert.ok(!moves("ArrowRight", element(word)), word);
    assert.ok(!moves("End", element("span"), element(word)), `within ${word}`);
  }
});

test("Space presses what can be pressed, and plays elsewhere", () => {
  assert.ok(moves(" ", element("main")));
  for (const word of ["button", "a", "summary", "input", "[role=checkbox]"]) assert.ok(!moves(" ", element("span"), element(word)), word);
});
