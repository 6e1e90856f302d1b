// The bytes from Python: [u32 header length][JSON header][arrays]. See grokviz/view/frames.py.

const ARRAY_TYPES = {
  uint8: Uint8Array, int8: Int8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array,
};

// One for all scrubbers of the page: what has arrived stays, so that nothing is sent twice.
const registry = (globalThis.grokvizScrubbers ??= { parts: new Map(), waiting: new Set(), films: new Map() });
const PARTS_KEPT = 8;

// The header, and one entry an array: {raw, shape, size (numbers a snapshot), scale, shift}.
function decodeBlob(bytes) {
  const buffer = bytes.slice().buffer; // an aligned copy: what Streamlit hands over is neither aligned nor ours
  const headerLength = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength)));
  const arrays = {};
  for (const [name, entry] of Object.entries(header.arrays)) {
    const count = entry.shape.reduce((product, size) => product * size, 1);
    arrays[name] = {
      raw: new ARRAY_TYPES[entry.dtype](buffer, 4 + headerLength + entry.offset, count),
      shape: entry.shape,
      size: entry.shape.length ? count / (entry.shape[0] || 1) : 1,
      scale: entry.scale,
      shift: entry.shift,
    };
  }
  return { header, arrays };
}

function keepPart(bytes) {
  const part = decodeBlob(bytes);
  const name = `${part.header.id}/${part.header.part}`;
  registry.parts.delete(name);
  registry.parts.set(name, part);
  while (registry.parts.size > PARTS_KEPT) registry.parts.delete(registry.parts.keys().next().value);
  for (const told of [...registry.waiting]) told(name);
}

// The data of the component: [u32 length][JSON control][part][part]..., the parts only when they are new here.
function decodeMessage(bytes) {
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

// Numbers between two snapshots: `name` at a fractional position, dequantised into `out`.
function blend(arrays, name, position, out) {
  const { raw, size, scale, shift } = arrays[name];
  const before = Math.floor(position), after = Math.min(before + 1, raw.length / size - 1);
  const f = position - before, a = before * size, b = after * size;
  if (f === 0) for (let j = 0; j < size; j++) out[j] = raw[a + j] * scale + shift;
  else for (let j = 0; j < size; j++) out[j] = (raw[a + j] * (1 - f) + raw[b + j] * f) * scale + shift;
  return out;
}

// The snapshot's own number, for sentences: never a blend.
function measure(timeline, name, index) {
  const array = timeline.arrays[name];
  return array ? array.raw[index] * array.scale + array.shift : NaN;
}

function largest(values) {
  let top = 0;
  for (const value of values) if (Math.abs(value) > top) top = Math.abs(value);
  return top;
}
