import type { UploadRule } from './upload.ts'
import type { UploadedFile } from './uploaded-file.ts'

/** What is taken from a multipart body, in bytes and numbers of parts. */
export interface IntakeLimits {
  readonly files: Readonly<Record<string, UploadRule>>
  readonly maxFields: number
  readonly maxFieldSize: number
  readonly maxHeaderSize: number
  readonly folder: string | undefined
}

/** A file that was not taken; its bytes were dropped. */
export interface RefusedFile {
  readonly name: string
  readonly code: string
  readonly message: string
}

/** What came. */
export interface ReceivedParts {
  readonly fields: Record<string, string | string[]>
  readonly files: Map<string, UploadedFile[]>
  readonly refused: RefusedFile[]
}

/** A body without parts. */
export function noParts(): ReceivedParts {
  return { fields: Object.create(null) as Record<string, string | string[]>, files: new Map(), refused: [] }
}
