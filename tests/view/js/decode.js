// Prints the arrays of the blob in a file as the film reads them: those with one entry a snapshot at the last one.
import { readFileSync } from "node:fs";

import { blend, decodeBlob, momentAt } from "../../../grokviz/view/film/js/kit/blob.js";

const { header, arrays } = decodeBlob(new Uint8Array(readFileSync(process.argv[2])));
const count = header.steps.length, last = momentAt(count - 1, count);
const read = (array) =>
  array.shape[0] === count ? [...blend(array, last, new Float32Array(array.size))] : [...array.raw];
console.log(JSON.stringify(Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, read(array)]))));
