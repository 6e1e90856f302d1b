/** Where the bytes of a file go; `buffer` has them once it is finished. */
export class ArrayBufferTarget {
  buffer: ArrayBuffer;
}
export class Muxer {
  constructor(options: {
    target: ArrayBufferTarget;
    video: { codec: "avc" | "vp9" | "av1"; width: number; height: number; frameRate: number };
    fastStart: "in-memory";
  });
  addVideoChunk(chunk: EncodedVideoChunk, meta?: EncodedVideoChunkMetadata): void;
  finalize(): void;
}
