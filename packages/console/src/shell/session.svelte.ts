import type { ConsoleApp, ConsoleOverview } from 'tutti/console'
import { get } from '../api/client.ts'
import { live } from '../api/live.svelte.ts'
import { asApiError, type ApiError } from '../api/problem.ts'

/** What every view may need to know: the application, who looks, and how it goes. */
class Session {
  app = $state.raw<ConsoleApp>()
  error = $state.raw<ApiError>()
  overview = $state.raw<ConsoleOverview>()

  /** Nothing may be changed: also as long as that is not known. */
  get readonly(): boolean {
    return this.app?.readonly ?? true
  }

  /** Starts to follow the application; the returned function ends it. */
  start(): () => void {
    void this.load()
    return live.follow(
      'overview',
      (overview) => (this.overview = overview),
      () => void this.load(),
    )
  }

  /** Asks again: after a break it may be another version of the application. */
  async load(): Promise<void> {
    try {
      this.app = await get<ConsoleApp>('app')
      this.error = undefined
      this.overview ??= await get<ConsoleOverview>('overview')
    } catch (error) {
      this.error = asApiError(error)
    }
  }
}

export const session = new Session()
