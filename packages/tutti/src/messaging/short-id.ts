/** An id as a part of a document's key: as it is where that is short and plain, else a digest of it. */
export function shortId(id: string): string {
  if (/^[\w#.:+-]{1,120}$/.test(id)) return id
  return `sha256-${process.getBuiltinModule('node:crypto').createHash('sha256').update(id).digest('base64url')}`
}
