// Every panel keeps to js/contract.js in what types cannot say.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";

import { PANELS } from "../../../grokviz/view/film/js/panels/index.js";

test("no two panels have the same id or ask the same question", () => {
  for (const property of ["id", "name", "title"]) {
    assert.equal(new Set(PANELS.map((panel) => panel[property])).size, PANELS.length, property);
  }
});

for (const panel of PANELS) {
  test(`${panel.id} is in the file of its name, and asks a question in a few words`, () => {
    assert.ok(existsSync(new URL(`../../../grokviz/view/film/js/panels/${panel.id}.js`, import.meta.url)));
    assert.match(panel.title, /^[A-Z].*\?$/);
    assert.ok(panel.title.split(" ").length <= 8);
    assert.ok(panel.howto.length > 80);
  });
}
