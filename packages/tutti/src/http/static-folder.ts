import type { FileHead } from './file-response.ts'

/** The file names of encodings. */
export const precompressedSuffixes = { br: '.br', zstd: '.zst', gzip: '.gz' } as const

/** An encoding in which files may lie beside themselves. */
export type PrecompressedEncoding = keyof typeof precompressedSuffixes

/** A folder that is served, with its options resolved. */
export interface Folder {
  readonly root: string
  readonly prefix: string
  readonly index: string | false
  readonly precompressed: readonly PrecompressedEncoding[]
  readonly dotfiles: 'ignore' | 'deny' | 'allow'
  readonly followSymlinks: boolean
  readonly head: Pick<FileHead, 'cacheControl' | 'etag' | 'lastModified'>
}
