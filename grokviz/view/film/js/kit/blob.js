// The bytes from Python: [u32 header length][JSON header][arrays]. See grokviz/view/frames.py.

/** @import { Moment, Part, StoredArray } from "../contract.js" */

const ARRAY_TYPES = {
  uint8: Uint8Array, int8: Int8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array,
};

/** @typedef {{ dtype: keyof typeof ARRAY_TYPES, shape: number[], offset: number, scale: number, shift: number }} Entry */

/** One part of a run.
 * @param {Uint8Array} bytes @returns {Part} */
export function decodeBlob(bytes) {
  const buffer = bytes.slice().buffer; // an aligned copy: what Streamlit hands over is neither aligned nor ours
  const headerLength = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength)));
  /** @type {Record<string, StoredArray>} */
  const arrays = {};
  for (const [name, entry] of /** @type {[string, Entry][]} */ (Object.entries(header.arrays))) {
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

/** The numbers of an array at a moment, between two snapshots if need be, dequantised into `out`.
 * @param {StoredArray} array @param {Pick<Moment, "before" | "after" | "share">} moment @param {Float32Array} out */
export function blend({ raw, size, scale, shift }, { before, after, share }, out) {
  const a = before * size, b = after * size;
  if (share === 0) for (let j = 0; j < size; j++) out[j] = raw[a + j] * scale + shift;
  else for (let j = 0; j < size; j++) out[j] = (raw[a + j] * (1 - share) + raw[b + j] * share) * scale + shift;
  return out;
}

/** Between which snapshots a fractional one lies.
 * @param {number} position @param {number} count of snapshots @returns {Moment} */
export function momentAt(position, count) {
  const before = Math.floor(position), index = Math.round(position);
  return { position, before, after: Math.min(before + 1, count - 1), share: position - before, index };
}

/** The largest absolute value.
 * @param {ArrayLike<number>} values */
export function largest(values) {
  let top = 0;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > top) top = Math.abs(values[i]);
  return top;
}
