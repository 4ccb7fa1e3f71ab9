/** The segment of a stream: the same in every process (FNV-1a). */
export function segmentOf(stream: string, segments: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < stream.length; i++) hash = Math.imul(hash ^ stream.charCodeAt(i), 0x01000193)
  // The low bits alone would follow the last character too closely.
  return ((hash ^ (hash >>> 15)) >>> 0) % segments
}
