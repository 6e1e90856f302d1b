import assert from "node:assert/strict";
import { test } from "node:test";

import { bibtex, embedCode } from "../../../grokviz/view/film/js/saving.js";

test("the code to embed a figure is one frame, whatever the title holds", () => {
  const code = embedCode("https://x.org/embed.html?run=a&step=1", 'a "b" <script>');
  assert.equal(code.match(/<iframe /g)?.length, 1);
  assert.ok(code.includes('src="https://x.org/embed.html?run=a&amp;step=1"'));
  assert.ok(code.includes("&quot;b&quot; &lt;script>"));
});

test("a reference names the view and the day", () => {
  const entry = bibtex("https://x.org/?step=9", "mod 113 {50 %}, step 9", new Date("2026-11-25T10:00:00Z"));
  assert.equal(entry, "@misc{grokviz, title = {{GrokViz: mod 113  50   , step 9}}, howpublished = {\\url{https://x.org/?step=9}}, note = {Accessed 2026-11-25}}");
});
