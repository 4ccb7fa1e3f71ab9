import type { HealthReport } from '../../health/index.ts'
import type { HttpContext, HttpServices } from '../../http/index.ts'
import type { Clock } from '../../kernel/index.ts'
import type { Logger } from '../../observe/index.ts'
import type { Backend } from '../backend.ts'
import type { RouteInfo } from '../route-info.ts'
import type { Telemetry } from '../telemetry.ts'
import type { ConsoleOptions } from './console-options.ts'

/** What the Console shows and acts upon. */
export interface ConsoleParts {
  readonly name: string
  readonly log: Logger
  readonly clock: () => Clock
  readonly backend: Backend
  readonly telemetry: Telemetry
  readonly health: () => Promise<HealthReport>
  readonly routes: () => readonly RouteInfo[]
  readonly modules: () => readonly { readonly name: string; readonly items: readonly unknown[] }[]
}

/** What the open Console is made with. */
export interface OpenConsoleParts extends ConsoleParts {
  readonly path: string
  readonly options: ConsoleOptions
  readonly services: HttpServices<HttpContext>
  /** Fires when the application begins to stop. */
  readonly ended: AbortSignal
}
