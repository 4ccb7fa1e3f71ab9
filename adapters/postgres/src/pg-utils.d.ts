// The library says nothing of its types here.
declare module 'pg/lib/utils.js' {
  const utils: {
    /** A value as it is sent: a text, bytes, or nothing. */
    prepareValue(value: unknown): string | Buffer | null
  }
  export default utils
}
