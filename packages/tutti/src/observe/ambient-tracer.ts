import { currentContext } from '../kernel/index.ts'
import { createTracer } from './create-tracer.ts'
import { localTraceOf } from './local-trace.ts'
import type { Tracer } from './tracer.ts'

/**
 * A tracer for what is only ever part of other work, such as statements: its spans are those of whichever application does the work
 * around. Outside of spans only OpenTelemetry's global provider listens, if there is one.
 */
export function ambientTracer(scope: string): Tracer {
  const global = createTracer(scope)
  return {
    get enabled() {
      return localTraceOf(currentContext()?.trace) !== undefined || global.enabled
    },
    startSpan: (name, options = {}) => {
      const local = localTraceOf(currentContext()?.trace)
      return local === undefined ? global.startSpan(name, options) : local.host.start({ scope, global, name, options })
    },
  }
}
