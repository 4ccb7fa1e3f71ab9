import { OptionError, shown } from '../../kernel/index.ts'

/** Where a database lives: a file, or nowhere but in memory. */
export type Place = { readonly memory: true } | { readonly memory: false; readonly file: string }

/** Settles where the database is. What follows `sqlite:` or `sqlite://` in a URL is the path as it stands. */
export function placeOf({ path, url }: { readonly path?: string | undefined; readonly url?: string | undefined }): Place {
  if ((path === undefined) === (url === undefined))
    throw new OptionError(`sqliteStorage received ${path === undefined ? 'neither path nor url' : 'path and url'}; wanted one of them.`)
  const given: unknown = path ?? /^sqlite:(?:\/\/)?(.+)$/s.exec(String(url))?.[1]
  if (typeof given !== 'string' || given === '' || given.includes('\0'))
    throw new OptionError(
      `sqliteStorage received the ${path === undefined ? 'url' : 'path'} ${shown(path ?? url)}; wanted such as "data/shop.db", "sqlite:data/shop.db" or ":memory:".`,
    )
  if (given === ':memory:') return { memory: true }
  // An absolute path: SQLite takes names that begin with "file:" for something else.
  return { memory: false, file: process.getBuiltinModule('node:path').resolve(given) }
}

/** Creates the file for its owner alone, and the folders above it, so that they survive a power failure. */
export async function createFile(file: string): Promise<void> {
  const { dirname } = process.getBuiltinModule('node:path')
  const { mkdir, open } = process.getBuiltinModule('node:fs/promises')
  const folder = dirname(file)
  const first = await mkdir(folder, { recursive: true })
  try {
    // Exclusive: to open and close a file that SQLite has open already would drop this process's locks on it.
    await (await open(file, 'wx', 0o600)).close()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw error
  }
  await syncFolder(folder)
  for (let made = folder; first !== undefined && made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

/** Brings the names in a folder to the disk; Windows does so by itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await process.getBuiltinModule('node:fs/promises').open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
