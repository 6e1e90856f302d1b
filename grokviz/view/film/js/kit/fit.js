// What is too large for its frame is drawn smaller as a whole, and says so: a point moved to the edge would lie.

const FRACTIONS = ["", "", "½", "⅓", "¼", "⅕", "⅙"];

/** How many times smaller than at full size something of this reach has to be drawn to fit a frame of this room.
 * @param {number} reach @param {number} room @returns {number} a whole number, 1 where it fits */
export function timesSmaller(reach, room) {
  return Math.max(1, Math.ceil(reach / room - 1e-9));
}

/** In words, for 2 and more. @param {number} times */
export function sizeInWords(times) {
  return `drawn at ${FRACTIONS[times] ?? `1/${times}`} size`;
}
