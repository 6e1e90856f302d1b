// The bytes from Python: [u32 header length][JSON header][arrays]. See grokviz/view/frames.py.

const ARRAY_TYPES = {
  uint8: Uint8Array, int8: Int8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array,
};

// The header, and one entry an array: {raw, shape, size (numbers a snapshot), scale, shift}.
export function decodeBlob(bytes) {
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

// Numbers between two snapshots: `name` at a fractional position, dequantised into `out`.
export function blend(arrays, name, position, out) {
  const { raw, size, scale, shift } = arrays[name];
  const before = Math.floor(position), after = Math.min(before + 1, raw.length / size - 1);
  const f = position - before, a = before * size, b = after * size;
  if (f === 0) for (let j = 0; j < size; j++) out[j] = raw[a + j] * scale + shift;
  else for (let j = 0; j < size; j++) out[j] = (raw[a + j] * (1 - f) + raw[b + j] * f) * scale + shift;
  return out;
}

export function largest(values) {
  let top = 0;
  for (const value of values) if (Math.abs(value) > top) top = Math.abs(value);
  return top;
}
