/**
 * A `Content-Disposition` (RFC 6266): the name in ASCII for old clients and, where that loses something, in full as `filename*`
 * (RFC 8187). Only the last part of a path counts as the name.
 */
export function contentDisposition(type: 'attachment' | 'inline', filename: string): string {
  const name = cleanFilename(filename)
  // What looks like percent-encoding is decoded by some clients, so it counts as lost as well.
  const plain = name.replaceAll(/[^\x20-\x7e]/g, '_').replaceAll(/%(?=[0-9a-f]{2})/gi, '_')
  const quoted = `${type}; filename="${plain.replaceAll(/["\\]/g, '\\$&')}"`
  return plain === name ? quoted : `${quoted}; filename*=UTF-8''${encodeExtended(name)}`
}

/** A file name as a stranger gave it, without path and control characters and at most 255 characters long. Never a path to write to. */
export function cleanFilename(filename: string): string {
  const name = filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1)
  // Control characters, and those that turn the direction of text around, so that "exe.png" is not "gnp.exe".
  const clean = name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .slice(0, 255)
    .trim()
  return clean === '' || /^\.+$/.test(clean) ? 'file' : clean.toWellFormed()
}

function encodeExtended(text: string): string {
  return encodeURIComponent(text).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
