/** A message as it came in. */
export interface IncomingFrame {
  readonly data: Buffer
  readonly binary: boolean
}

/** What an inbox does with its messages. */
export interface InboxOwner {
  /** Handles one message; never throws or rejects. */
  handle(frame: IncomingFrame): void | Promise<void>
  /** Stops messages from coming while too many wait, and lets them come again. */
  pause(): void
  resume(): void
}

/** Messages that wait for their turn: begun in order, `concurrency` at a time, and not before `open` is called. */
export class Inbox {
  readonly #owner: InboxOwner
  readonly #limits: { readonly maxQueue: number; readonly concurrency: number }
  #waiting: IncomingFrame[] = []
  /** Where the next message is in `#waiting`: taking it off the front would move all others. */
  #next = 0
  #running = 0
  #opened = false
  #paused = false
  #idle: PromiseWithResolvers<void> | undefined

  constructor(owner: InboxOwner, limits: { readonly maxQueue: number; readonly concurrency: number }) {
    this.#owner = owner
    this.#limits = limits
  }

  /** Whether reading is paused because too many messages wait. */
  get isPaused(): boolean {
    return this.#paused
  }

  push(frame: IncomingFrame): void {
    this.#waiting.push(frame)
    this.#work()
    if (!this.#paused && this.#size >= this.#limits.maxQueue) {
      this.#paused = true
      this.#owner.pause()
    }
  }

  /** Lets the first message be handled. */
  open(): void {
    this.#opened = true
    this.#work()
  }

  /** Forgets the messages that have not begun. */
  clear(): void {
    this.#waiting.length = 0
    this.#next = 0
    this.#resume()
    this.#tell()
  }

  /** Resolves when no message waits or runs; `undefined` when there is nothing to wait for. */
  idle(): Promise<void> | undefined {
    if (this.#isIdle) return undefined
    return (this.#idle ??= Promise.withResolvers<void>()).promise
  }

  get #size(): number {
    return this.#waiting.length - this.#next
  }

  get #isIdle(): boolean {
    return this.#running === 0 && this.#size === 0
  }

  #work(): void {
    while (this.#opened && this.#running < this.#limits.concurrency) {
      const frame = this.#take()
      if (frame === undefined) break
      this.#running++
      const result = this.#owner.handle(frame)
      if (result === undefined) this.#running--
      else void result.then(this.#settle)
    }
    this.#resume()
    this.#tell()
  }

  #take(): IncomingFrame | undefined {
    const frame = this.#waiting[this.#next]
    if (frame === undefined) return undefined
    this.#next++
    if (this.#next === this.#waiting.length || this.#next > 256) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
    return frame
  }

  readonly #settle = (): void => {
    this.#running--
    this.#work()
  }

  #resume(): void {
    if (!this.#paused || this.#size > this.#limits.maxQueue / 2) return
    this.#paused = false
    this.#owner.resume()
  }

  #tell(): void {
    if (this.#isIdle) this.#idle?.resolve()
  }
}
