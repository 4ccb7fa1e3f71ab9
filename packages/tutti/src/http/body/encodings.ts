/** The compressions of request bodies that are understood (`Content-Encoding`, RFC 9110 section 8.4). */
export const bodyEncodings = ['gzip', 'br', 'deflate', 'zstd'] as const

/** One of them. */
export type BodyEncoding = (typeof bodyEncodings)[number]
