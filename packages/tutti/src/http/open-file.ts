import type { FileHandle } from 'node:fs/promises'

/** A regular file that has been opened. What is told of it and what is read of it are the same file, whatever happens to its name. */
export interface OpenFile {
  readonly handle: FileHandle
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** Where a file may be. */
export interface OpenFileOptions {
  /** The folder that it must be in. @default none */
  readonly root?: string | undefined
  /** Whether links may lead out of `root`. */
  readonly followSymlinks?: boolean | undefined
}

const missing = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'])

/** Opens a regular file; `undefined` where there is none, or where it is not inside of `root`. */
export async function openFile(path: string, { root, followSymlinks = false }: OpenFileOptions = {}): Promise<OpenFile | undefined> {
  const place = root === undefined ? (path.includes('\0') ? undefined : path) : resolveInside(root, path)
  if (place === undefined) return undefined
  try {
    const real = root === undefined || followSymlinks ? place : await realInside(root, place)
    return real === undefined ? undefined : await open(real, root !== undefined && !followSymlinks)
  } catch (error) {
    if (error instanceof Error && 'code' in error && missing.has(String(error.code))) return undefined
    throw error
  }
}

/**
 * The full path of `path` within `root`; `undefined` where it leads out of it, or has characters that mean something else on another
 * system: NUL, a backslash and, on Windows, a colon.
 */
function resolveInside(root: string, path: string): string | undefined {
  const { join, resolve, sep } = process.getBuiltinModule('node:path')
  if (/[\0\\]/.test(path) || (sep === '\\' && path.includes(':'))) return undefined
  const base = resolve(root)
  const full = join(base, path)
  return full === base || full.startsWith(base.endsWith(sep) ? base : base + sep) ? full : undefined
}

/** The path with all links followed; `undefined` where they lead out of `root`. */
async function realInside(root: string, path: string): Promise<string | undefined> {
  const { realpath } = process.getBuiltinModule('node:fs/promises')
  const { sep } = process.getBuiltinModule('node:path')
  const [base, real] = await Promise.all([realpath(root), realpath(path)])
  return real.startsWith(base.endsWith(sep) ? base : base + sep) ? real : undefined
}

async function open(path: string, resolved: boolean): Promise<OpenFile | undefined> {
  const { constants, open: openHandle } = process.getBuiltinModule('node:fs/promises')
  // Without blocking on a pipe; and where links have been followed already, a new one in the place of the file is not.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (resolved ? (constants.O_NOFOLLOW ?? 0) : 0)
  const handle = await openHandle(path, flags)
  try {
    const stats = await handle.stat()
    if (stats.isFile()) return { handle, size: stats.size, modified: stats.mtimeMs }
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  return undefined
}
