/** What `reply` takes as headers; an array sends the header several times, `undefined` leaves it out. */
export type HeadersInput = Readonly<Record<string, string | number | readonly string[] | undefined>>

/**
 * The headers of a response: a flat list of lower-case names and values in turn, the form in which they are written.
 * Names and values are checked when the response is written: control characters never reach the wire.
 */
export class HttpHeaders {
  /** Names at even places, their values behind them. */
  readonly raw: string[]

  constructor(raw: string[] = []) {
    this.raw = raw
  }

  /** The first value of a header. */
  get(name: string): string | undefined {
    const at = this.#find(name.toLowerCase())
    return at < 0 ? undefined : this.raw[at + 1]
  }

  /** Every value of a header, such as each `set-cookie`. */
  getAll(name: string): string[] {
    const key = name.toLowerCase()
    return this.raw.filter((_, i) => i % 2 === 1 && this.raw[i - 1] === key)
  }

  has(name: string): boolean {
    return this.#find(name.toLowerCase()) >= 0
  }

  /** Replaces every value of a header. */
  set(name: string, value: string | number): void {
    const key = name.toLowerCase()
    const at = this.#find(key)
    if (at < 0) {
      this.raw.push(key, String(value))
      return
    }
    this.raw[at + 1] = String(value)
    this.#remove(key, at + 2)
  }

  /** Adds a further value. */
  append(name: string, value: string | number): void {
    this.raw.push(name.toLowerCase(), String(value))
  }

  delete(name: string): void {
    this.#remove(name.toLowerCase(), 0)
  }

  /** Sets each of `input`; an array replaces the header with several values. */
  assign(input: HeadersInput): void {
    for (const name of Object.keys(input)) {
      const value = input[name]
      if (value === undefined) continue
      if (typeof value === 'string' || typeof value === 'number') this.set(name, value)
      else {
        this.delete(name)
        for (const item of value) this.append(name, item)
      }
    }
  }

  /** Adds a request header name to `Vary`, once. */
  vary(name: string): void {
    const current = this.get('vary')
    if (current === undefined) this.set('vary', name)
    else if (
      current !== '*' &&
      !current
        .toLowerCase()
        .split(/\s*,\s*/)
        .includes(name.toLowerCase())
    )
      this.set('vary', `${current}, ${name}`)
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    for (let i = 0; i < this.raw.length; i += 2) yield [this.raw[i] as string, this.raw[i + 1] as string]
  }

  #find(key: string): number {
    for (let i = 0; i < this.raw.length; i += 2) if (this.raw[i] === key) return i
    return -1
  }

  #remove(key: string, from: number): void {
    for (let i = this.raw.length - 2; i >= from; i -= 2) if (this.raw[i] === key) this.raw.splice(i, 2)
  }
}
