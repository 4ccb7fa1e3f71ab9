import type { Mount, Route } from '../../http/index.ts'
import { OptionError } from '../../kernel/index.ts'
import { resolveConsole, type ConsoleOptions } from './console-options.ts'
import type { ConsoleParts } from './console-parts.ts'

/** The Console of an application: nothing of it is loaded before the first request for it. */
export class Console {
  readonly #asked: boolean | ConsoleOptions | undefined
  readonly #parts: ConsoleParts
  readonly #ended = new AbortController()

  constructor(asked: boolean | ConsoleOptions | undefined, parts: ConsoleParts) {
    this.#asked = asked
    this.#parts = parts
  }

  /** Where it is served. Throws `TUTTI_CONSOLE_UNPROTECTED` in production, and `TUTTI_OPTION_INVALID` where the path is taken. */
  mounts(routes: readonly Route[]): readonly Mount[] {
    const options = resolveConsole(this.#asked)
    if (options === undefined) return []
    const { path = '/console' } = options
    const taken = routes.find((route) => route.path === path || route.path.startsWith(`${path}/`))
    if (taken !== undefined && this.#asked === undefined) return []
    if (taken !== undefined)
      throw new OptionError(
        `The Console is to be at ${path}, where the application answers ${taken.method} ${taken.path} itself; give one of them another path.`,
      )
    const open: Mount['open'] = async (services) => {
      const { openConsole } = await import('./open-console.ts')
      return openConsole({ ...this.#parts, path, options, services, ended: this.#ended.signal })
    }
    return [{ path, open }]
  }

  /** Ends the streams of pages that are open, which would keep the server from stopping. */
  close(): void {
    this.#ended.abort()
  }
}
