import type { Sink } from './io.ts'

/** The width of a bar, in characters. */
const width = 24
/** Terminals are slow: a bar is drawn so often at most, in milliseconds. */
const interval = 80

/** A bar that shows how far long work has come. Without a sink it shows nothing. */
export class Progress implements Disposable {
  readonly #sink: Sink | undefined
  readonly #label: string
  #drawnAt = Number.NEGATIVE_INFINITY
  #drawn = false

  constructor(sink: Sink | undefined, label: string) {
    this.#sink = sink
    this.#label = label
  }

  /** Says how far it is; without a total it only counts. */
  update(done: number, total?: number): void {
    const now = performance.now()
    if (this.#sink === undefined || (now - this.#drawnAt < interval && done !== total)) return
    this.#drawnAt = now
    this.#drawn = true
    this.#sink.write(`\r\u{1b}[K${bar(this.#label, done, total)}`)
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    if (this.#drawn) this.#sink?.write('\r\u{1b}[K')
  }
}

function bar(label: string, done: number, total: number | undefined): string {
  if (total === undefined) return `${label} ${done}`
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const full = Math.round(share * width)
  return `${label} ${'█'.repeat(full)}${'░'.repeat(width - full)} ${Math.floor(share * 100)} %  ${done} of ${total}`
}
