/** Colours of an image, at most `most` of them. */
export function quantize(rgba: Uint8ClampedArray, most: number): number[][];
/** For each pixel the place of its colour in the palette. */
export function applyPalette(rgba: Uint8ClampedArray, palette: number[][]): Uint8Array;
export function GIFEncoder(): {
  writeFrame(index: Uint8Array, width: number, height: number, options: { palette: number[][]; delay: number }): void;
  finish(): void;
  bytes(): Uint8Array<ArrayBuffer>;
};
