// What has arrived from Python in this browser page, for all films of the page.

import { decodeBlob } from "./blob.js";

// One for all scrubbers of the page: what has arrived stays, so that nothing is sent twice.
export const registry = (globalThis.grokvizScrubbers ??= { parts: new Map(), waiting: new Set(), films: new Map() });

const PARTS_KEPT = 8;

function keepPart(bytes) {
  const part = decodeBlob(bytes);
  const name = `${part.header.id}/${part.header.part}`;
  registry.parts.delete(name);
  registry.parts.set(name, part);
  while (registry.parts.size > PARTS_KEPT) registry.parts.delete(registry.parts.keys().next().value);
  for (const told of [...registry.waiting]) told(name);
}

// The data of the component: [u32 length][JSON control][part][part]..., the parts only when they are new here.
export function decodeMessage(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const control = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let start = 4 + length;
  for (const size of control.sizes) {
    keepPart(bytes.subarray(start, start + size));
    start += size;
  }
  return control;
}
