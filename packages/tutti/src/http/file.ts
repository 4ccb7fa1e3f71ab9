import { milliseconds, OptionError, type Duration } from '../kernel/index.ts'
import { contentDisposition } from './content-disposition.ts'
import type { HttpContext } from './context.ts'
import { HttpError } from './errors.ts'
import { toResponse, type Respondable } from './reply.ts'

/** How files may be kept by browsers and caches. */
export interface FileCacheOptions {
  /** Sent as it is. @default what `maxAge` and `immutable` say, else `no-cache`: clients ask each time, and get 304 */
  readonly cacheControl?: string
  /** How long clients may use the file without asking again. */
  readonly maxAge?: Duration
  /** The file never changes under its name: kept for a year unless `maxAge` says less. @default false */
  readonly immutable?: boolean
  /** Sends a tag made of size and time. `'weak'` for files that may change without either. @default true */
  readonly etag?: boolean | 'weak'
  /** @default true */
  readonly lastModified?: boolean
}

/** How a file is sent. */
export interface FileOptions extends FileCacheOptions {
  /** The folder that the file must be in, whatever the path says: set it where any part of the path comes from a client. @default none */
  readonly root?: string
  /** Whether links may lead out of `root`. @default false */
  readonly followSymlinks?: boolean
  /** @default by the extension */
  readonly contentType?: string
  /** Asks the client to save the file, under its own name or this one. @default false */
  readonly download?: boolean | string
}

/**
 * Answers with a file from disk: conditional requests, ranges and HEAD included (RFC 9110 sections 13 and 14). A file that does not
 * exist, is a folder or lies outside of `root` is answered with 404.
 */
export function file(path: string, options: FileOptions = {}): Respondable {
  if (typeof path !== 'string') throw new OptionError(`file received ${String(path)} as the path; wanted a text.`)
  const { root, followSymlinks, contentType, download = false, etag = true, lastModified = true } = options
  const cacheControl = cacheControlOf(options)
  const headers = download === false ? {} : { 'content-disposition': contentDisposition('attachment', download === true ? path : download) }
  return {
    async [toResponse](ctx: HttpContext) {
      // Loaded with the first file that is sent.
      const [{ openFile }, { fileResponse }, { contentTypeOf }] = await Promise.all([
        import('./open-file.ts'),
        import('./file-response.ts'),
        import('./media-types.ts'),
      ])
      const opened = await openFile(path, { root, followSymlinks })
      if (opened === undefined) throw new HttpError('TUTTI_FILE_NOT_FOUND', 'The file does not exist.', { status: 404 })
      return fileResponse(ctx, opened, { contentType: contentType ?? contentTypeOf(path), cacheControl, etag, lastModified, headers })
    },
  }
}

/** The `Cache-Control` of a file. */
export function cacheControlOf({ cacheControl, maxAge, immutable = false }: FileCacheOptions): string {
  if (cacheControl !== undefined) return cacheControl
  if (maxAge === undefined && !immutable) return 'no-cache'
  const seconds = Math.floor(milliseconds(maxAge ?? '365d') / 1000)
  return `max-age=${seconds}${immutable ? ', immutable' : ''}`
}
