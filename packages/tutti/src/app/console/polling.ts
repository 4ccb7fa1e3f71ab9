import { systemClock, type Timer } from '../../kernel/index.ts'
import type { Logger } from '../../observe/index.ts'

/** Work that is done again and again. */
export interface Polling {
  /** In milliseconds, from the end of one to the beginning of the next. */
  readonly every: number
  readonly log: Logger
  readonly work: () => Promise<void>
}

/** Does something at once and then again and again, until disposed of. What fails is said once in a row, and tried again. */
export function poll({ every, log, work }: Polling): Disposable {
  let timer: Timer | undefined
  let ended = false
  let failing = false
  const once = async (): Promise<void> => {
    try {
      await work()
      failing = false
    } catch (error) {
      if (!failing && !ended) log.warn('The Console cannot read what it is to show, and tries again.', { error })
      failing = true
    }
    if (!ended) timer = systemClock.setTimeout(() => void once(), every).unref()
  }
  void once()
  return {
    [Symbol.dispose]: () => {
      ended = true
      timer?.cancel()
    },
  }
}

/** A value that is good for a while: whoever asks later has it made anew, and is given the old one meanwhile. */
export class Kept<T> {
  readonly #milliseconds: number
  readonly #make: () => Promise<T>
  #latest: { readonly value: T; readonly at: number } | undefined
  #making: Promise<T> | undefined

  constructor(milliseconds: number, make: () => Promise<T>) {
    this.#milliseconds = milliseconds
    this.#make = make
  }

  async get(): Promise<T> {
    const latest = this.#latest
    if (latest !== undefined && systemClock.monotonic() - latest.at < this.#milliseconds) return latest.value
    const making = (this.#making ??= this.#renew())
    if (latest === undefined) return making
    // Whoever waits for it hears of its failure.
    making.catch(() => undefined)
    return latest.value
  }

  async #renew(): Promise<T> {
    try {
      const value = await this.#make()
      this.#latest = { value, at: systemClock.monotonic() }
      return value
    } finally {
      this.#making = undefined
    }
  }
}
