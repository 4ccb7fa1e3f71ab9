import type { Page } from 'tutti/console'
import { asApiError, type ApiError } from './problem.ts'

/** A long list that is fetched part by part as the user scrolls. It starts anew when anything changes that `load` reads before its first `await`. */
export class Pages<T> {
  items = $state.raw<readonly T[]>([])
  error = $state.raw<ApiError>()
  /** A part is on its way. */
  loading = $state(true)
  /** There is no more. */
  done = $state(false)
  readonly #load: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>
  #next: string | undefined
  #stopped = new AbortController()
  #again = $state(0)

  /** Make it while a component is set up. */
  constructor(load: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>) {
    this.#load = load
    $effect(() => {
      void this.#again
      const stopped = new AbortController()
      this.#stopped = stopped
      this.loading = true
      this.done = false
      void this.#take(load(undefined, stopped.signal), { signal: stopped.signal, former: [] })
      return () => stopped.abort()
    })
  }

  /** Fetches the next part, unless one is on its way or there is none. */
  readonly more = (): void => {
    if (this.loading || this.done || this.error !== undefined) return
    this.loading = true
    const { signal } = this.#stopped
    void this.#take(this.#load(this.#next, signal), { signal, former: this.items })
  }

  readonly reload = (): void => {
    this.#again++
  }

  /** Puts what is new in front: what the stream brought. */
  add(items: readonly T[], limit = Number.POSITIVE_INFINITY): void {
    this.items = [...items, ...this.items].slice(0, limit)
  }

  async #take(answer: Promise<Page<T>>, at: { readonly signal: AbortSignal; readonly former: readonly T[] }): Promise<void> {
    try {
      const page = await answer
      if (at.signal.aborted) return
      // What the stream brought while the first part was on its way would be lost by what that part knows: the part wins.
      this.items = at.former.length === 0 ? page.items : [...this.items, ...page.items]
      this.#next = page.next
      this.done = page.next === undefined
      this.error = undefined
    } catch (error) {
      if (at.signal.aborted) return
      this.error = asApiError(error)
    }
    this.loading = false
  }
}
