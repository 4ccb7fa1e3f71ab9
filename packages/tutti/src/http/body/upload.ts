import { bytes, OptionError, type Size } from '../../kernel/index.ts'

/** What is asked of an uploaded file. */
export interface UploadOptions {
  /** The largest file; a larger one is refused with 413. @default '1mb' */
  readonly maxSize?: Size
  /** Media types that clients may declare, such as `image/*`; others are refused with 415. What is in the file may be something else. @default any */
  readonly types?: readonly string[]
  /** Whether it may be missing. @default false */
  readonly optional?: boolean
}

/** What is asked of several files in one field. */
export interface UploadsOptions extends Omit<UploadOptions, 'optional'> {
  /** @default 0 */
  readonly min?: number
  /** @default 10 */
  readonly max?: number
}

/** A field of a multipart body that takes files; made by `upload` and `uploads`. */
export interface UploadRule<List extends boolean = boolean, Optional extends boolean = boolean> {
  readonly list: List
  readonly optional: Optional
  /** In bytes. */
  readonly maxSize: number
  readonly types: readonly string[]
  readonly min: number
  readonly max: number
}

/** A field with one file. */
export function upload<const O extends UploadOptions = Record<never, never>>(
  options?: O,
): UploadRule<false, O extends { readonly optional: true } ? true : false>
export function upload({ maxSize = '1mb', types = ['*/*'], optional = false }: UploadOptions = {}): UploadRule<false> {
  return { list: false, optional, maxSize: bytes(maxSize), types, min: optional ? 0 : 1, max: 1 }
}

/** A field with several files. */
export function uploads({ maxSize = '1mb', types = ['*/*'], min = 0, max = 10 }: UploadsOptions = {}): UploadRule<true, false> {
  if (!Number.isInteger(min) || !Number.isInteger(max) || min < 0 || max < 1 || min > max) {
    throw new OptionError(
      `uploads received min ${String(min)} and max ${String(max)}; wanted whole numbers with 0 ≤ min ≤ max and max of 1 or more.`,
    )
  }
  return { list: true, optional: false, maxSize: bytes(maxSize), types, min, max }
}
