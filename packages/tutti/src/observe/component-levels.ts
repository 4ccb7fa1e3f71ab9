import { checkLevel } from './log-level.ts'
import type { LogThreshold } from './logger.ts'

/** The levels of components, by their names: that of `tutti` holds for `tutti.projections` as well, unless it has one of its own. */
export class ComponentLevels {
  readonly #levels = new Map<string, LogThreshold>()
  #version = 0

  /** Throws `TUTTI_OPTION_INVALID` for an unknown level. */
  constructor(levels: Readonly<Record<string, LogThreshold>>) {
    for (const [component, level] of Object.entries(levels)) this.set(component, level)
  }

  /** Goes up with each change, so that loggers may remember what they have found. */
  get version(): number {
    return this.#version
  }

  /** Throws `TUTTI_OPTION_INVALID` for an unknown level. */
  set(component: string, level: LogThreshold): void {
    this.#levels.set(component, checkLevel(level, `the log level of ${JSON.stringify(component)}`))
    this.#version++
  }

  /** The level of a component, or of the nearest one that it belongs to. */
  of(component: string): LogThreshold | undefined {
    for (let name = component; name !== ''; name = name.slice(0, Math.max(name.lastIndexOf('.'), 0))) {
      const level = this.#levels.get(name)
      if (level !== undefined) return level
    }
    return undefined
  }

  all(): Readonly<Record<string, LogThreshold>> {
    return Object.fromEntries(this.#levels)
  }
}
