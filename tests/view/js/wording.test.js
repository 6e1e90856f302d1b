// The same table of cases as tests/test_wording.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as wording from "../../../grokviz/view/film/js/kit/wording.js";

const table = JSON.parse(readFileSync(new URL("../../wording_cases.json", import.meta.url), "utf8"));
const ODD = { NaN, Infinity, "-Infinity": -Infinity };
const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

for (const [name, cases] of Object.entries(table)) {
  test(`wording.${camelCase(name)}`, () => {
    for (const { args, text } of cases) {
      const given = args.map((arg) => (typeof arg === "string" ? (ODD[arg] ?? arg) : arg));
      assert.equal(wording[camelCase(name)](...given), text, JSON.stringify(args));
    }
  });
}
