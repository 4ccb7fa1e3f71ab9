import type * as mrmime from 'mrmime'

let lookup: typeof mrmime.lookup | undefined

/** The `Content-Type` for a file name, by its extension; bytes where the extension is unknown. */
export function contentTypeOf(name: string): string {
  // Loaded when the first file is sent.
  lookup ??= (process.getBuiltinModule('node:module').createRequire(import.meta.url)('mrmime') as typeof mrmime).lookup
  const type = lookup(name) ?? 'application/octet-stream'
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}
