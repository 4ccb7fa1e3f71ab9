import { asApiError, type ApiError } from './problem.ts'

/**
 * What a view asked for: its value, or why there is none. It is asked for again when anything changes that `load` reads before its first
 * `await`; the former value stays on show meanwhile.
 */
export class Resource<T> {
  value = $state.raw<T>()
  error = $state.raw<ApiError>()
  loading = $state(true)
  #again = $state(0)

  /** Make it while a component is set up. */
  constructor(load: (signal: AbortSignal) => Promise<T>) {
    $effect(() => {
      void this.#again
      const stopped = new AbortController()
      this.loading = true
      void this.#take(load(stopped.signal), stopped.signal)
      return () => stopped.abort()
    })
  }

  async #take(answer: Promise<T>, signal: AbortSignal): Promise<void> {
    try {
      const value = await answer
      if (signal.aborted) return
      this.value = value
      this.error = undefined
    } catch (error) {
      if (signal.aborted) return
      this.error = asApiError(error)
    }
    this.loading = false
  }

  /** Asks once more. */
  readonly reload = (): void => {
    this.#again++
  }
}
