import { OptionError } from '../../kernel/index.ts'
import { HttpError } from '../errors.ts'
import { cacheControlOf, type FileCacheOptions } from '../file.ts'
import type { Middleware } from '../middleware.ts'
import { precompressedSuffixes, type Folder, type PrecompressedEncoding } from '../static-folder.ts'

/** How a folder is served. */
export interface StaticFilesOptions extends FileCacheOptions {
  /** The path under which it is served, such as `/assets`. @default the root */
  readonly prefix?: string
  /** Sent for a folder; `false` sends none. @default 'index.html' */
  readonly index?: string | false
  /** Encodings in order of preference: `app.js.br` (`.zst`, `.gz`) is sent for `app.js` to clients that take it. @default none */
  readonly precompressed?: readonly PrecompressedEncoding[]
  /** What is done about names that begin with a dot: as if they did not exist, 403, or served. @default 'ignore' */
  readonly dotfiles?: 'ignore' | 'deny' | 'allow'
  /** Whether links may lead out of the folder. @default false */
  readonly followSymlinks?: boolean
  /** Whether routes are asked for what is not there; otherwise that is 404, and a method other than GET and HEAD 405. @default true */
  readonly fallthrough?: boolean
}

/**
 * Serves the files of a folder: ranges, conditional requests, HEAD, and files that were compressed beforehand. Paths are taken apart
 * before they are decoded, and nothing outside of the folder is ever sent. Folders are answered with their index, from a path that ends
 * in `/`. Throws `TUTTI_OPTION_INVALID` where the folder does not exist.
 */
export function staticFiles(root: string, options: StaticFilesOptions = {}): Middleware {
  const folder = resolve(root, options)
  const { fallthrough = true } = options
  return async function staticFiles(ctx, next) {
    const inside = segmentsOf(ctx.path, folder.prefix)
    if (inside === 'elsewhere') return next()
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      if (fallthrough) return next()
      throw new HttpError('TUTTI_METHOD_NOT_ALLOWED', `Files do not answer ${ctx.method}; they answer GET, HEAD.`, {
        status: 405,
        headers: { allow: 'GET, HEAD' },
      })
    }
    // Loaded with the first file that is asked for.
    const { findFile } = await import('../static-lookup.ts')
    const found = inside === 'invalid' ? undefined : await findFile(ctx, folder, inside)
    if (found !== undefined) return found
    if (fallthrough) return next()
    throw new HttpError('TUTTI_FILE_NOT_FOUND', 'The file does not exist.', { status: 404 })
  }
}

function resolve(root: string, options: StaticFilesOptions): Folder {
  const {
    prefix = '',
    index = 'index.html',
    precompressed = [],
    dotfiles = 'ignore',
    followSymlinks = false,
    etag = true,
    lastModified = true,
  } = options
  if (typeof root !== 'string' || process.getBuiltinModule('node:fs').statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new OptionError(
      `staticFiles received ${JSON.stringify(root)}; wanted a folder that exists (relative paths begin at ${process.cwd()}).`,
    )
  }
  if (prefix !== '' && !/^\/[^?#\\]*[^/?#\\]$/.test(prefix)) {
    throw new OptionError(
      `staticFiles received the prefix ${JSON.stringify(prefix)}; wanted one that begins with "/" and does not end with "/", such as "/assets".`,
    )
  }
  for (const encoding of precompressed) {
    if (!Object.hasOwn(precompressedSuffixes, encoding))
      throw new OptionError(
        `staticFiles received the encoding ${JSON.stringify(encoding)}; wanted one of ${Object.keys(precompressedSuffixes).join(', ')}.`,
      )
  }
  if (!['ignore', 'deny', 'allow'].includes(dotfiles))
    throw new OptionError(`staticFiles received dotfiles ${JSON.stringify(dotfiles)}; wanted "ignore", "deny" or "allow".`)
  const cacheControl = cacheControlOf(options)
  // Files that are for everyone may be kept by caches that everyone shares.
  const shared = options.cacheControl === undefined && cacheControl !== 'no-cache' ? `public, ${cacheControl}` : cacheControl
  const absolute = process.getBuiltinModule('node:path').resolve(root)
  return { root: absolute, prefix, index, precompressed, dotfiles, followSymlinks, head: { cacheControl: shared, etag, lastModified } }
}

/** The decoded names in a path, an empty one last where it ends in `/`. No name can be a path of its own. */
function segmentsOf(path: string, prefix: string): readonly string[] | 'elsewhere' | 'invalid' {
  if (!path.startsWith(prefix)) return 'elsewhere'
  const rest = path.slice(prefix.length)
  if (rest === '') return []
  if (!rest.startsWith('/')) return 'elsewhere'
  try {
    const names = rest.slice(1).split('/').map(decodeURIComponent)
    const valid = names.every(
      (name, i) => (name !== '' || i === names.length - 1) && name !== '.' && name !== '..' && !/[\0/\\]/.test(name),
    )
    return valid ? names : 'invalid'
  } catch {
    return 'invalid'
  }
}
