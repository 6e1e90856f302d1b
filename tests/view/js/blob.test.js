import assert from "node:assert/strict";
import test from "node:test";

import { blend, decodeBlob, largest, momentAt } from "../../../grokviz/view/film/js/kit/blob.js";
import { decodeMessage, registry } from "../../../grokviz/view/film/js/kit/registry.js";

const encoder = new TextEncoder();

/** [u32 length][JSON][bytes], the JSON filled up to four bytes. */
function framed(json, ...chunks) {
  let text = JSON.stringify(json);
  text += " ".repeat((4 - (encoder.encode(text).length % 4)) % 4);
  const head = encoder.encode(text);
  const all = new Uint8Array(4 + head.length + chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  new DataView(all.buffer).setUint32(0, head.length, true);
  all.set(head, 4);
  let at = 4 + head.length;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

const ring = new Int16Array([0, 100, 200, 300, 400, 500]);
const loss = new Float32Array([4, 2]);
const part = (id, name = "core") =>
  framed(
    {
      id, part: name,
      arrays: {
        ring: { dtype: "int16", shape: [2, 3], offset: 0, scale: 0.5, shift: 1 },
        loss: { dtype: "float32", shape: [2], offset: 12, scale: 1, shift: 0 },
      },
    },
    new Uint8Array(ring.buffer), new Uint8Array(loss.buffer),
  );

test("a blob is read whatever its alignment", () => {
  const shifted = new Uint8Array(part("ü").length + 1);
  shifted.set(part("ü"), 1);
  const { header, arrays } = decodeBlob(shifted.subarray(1));
  assert.equal(header.id, "ü");
  assert.deepEqual([...arrays.ring.raw], [...ring]);
  assert.equal(arrays.ring.size, 3);
  assert.deepEqual([...arrays.loss.raw], [4, 2]);
  assert.equal(arrays.loss.size, 1);
});

test("blending is exact at snapshots and linear between them", () => {
  const { arrays } = decodeBlob(part("a")), out = new Float32Array(3);
  assert.deepEqual([...blend(arrays.ring, momentAt(0, 2), out)], [1, 51, 101]);
  assert.deepEqual([...blend(arrays.ring, momentAt(1, 2), out)], [151, 201, 251]);
  assert.deepEqual([...blend(arrays.ring, momentAt(0.25, 2), out)], [38.5, 88.5, 138.5]);
});

test("a moment lies between its snapshots and never beyond the last", () => {
  assert.deepEqual(momentAt(1.75, 4), { position: 1.75, before: 1, after: 2, share: 0.75, index: 2 });
  assert.deepEqual(momentAt(3, 4), { position: 3, before: 3, after: 3, share: 0, index: 3 });
});

test("the largest value is the largest in size", () => {
  assert.equal(largest(new Int16Array([1, -7, 3])), 7);
  assert.equal(largest([]), 0);
});

test("a message keeps its parts, tells who waits, and the oldest part goes first", () => {
  const heard = [];
  registry.waiting.add((name) => heard.push(name));
  const parts = Array.from({ length: 17 }, (_, i) => part(`run${i}`));
  const control = decodeMessage(framed({ key: "film", id: "run0", sizes: parts.map(({ length }) => length) }, ...parts));
  assert.equal(control.key, "film");
  assert.equal(heard.length, 17);
  assert.equal(registry.parts.size, 16);
  assert.ok(!registry.parts.has("run0/core"));
  assert.ok(registry.parts.has("run16/core"));
});
