import type { TraceContext } from '../kernel/index.ts'
import { disabledSpan, noteFailure, type Counter, type Meter, type Span, type SpanOptions, type Tracer } from '../observe/index.ts'
import type { Departure } from './execution-host.ts'
import { failureError } from './failure.ts'
import type { RunValue } from './run-document.ts'

/** Up to which age in milliseconds a run goes on with the trace of who started it; later it has one of its own, which points there. */
const freshness = 60_000

/** What a span of a run begins with. */
export interface RunSpanParts {
  readonly tracer: Tracer
  readonly meter: Meter
  readonly now: number
  readonly workflow: string
  readonly id: string
  /** As it was claimed. */
  readonly value: RunValue
  readonly epoch: number
}

/** The span of a run from when it is claimed until it ends, waits for long, or is another process's; it counts as well. */
export class RunSpan {
  readonly #parts: RunSpanParts
  readonly #span: Span
  #ended = false

  constructor(parts: RunSpanParts) {
    this.#parts = parts
    const { tracer, meter, workflow } = parts
    activations(meter).add(1, { workflow, kind: this.#kind })
    this.#span = tracer.enabled ? tracer.startSpan(`run ${workflow}`, this.#options()) : disabledSpan
  }

  /** Where what the run does belongs. */
  get context(): TraceContext | undefined {
    return this.#span.context
  }

  end(how: Departure): void {
    if (this.#ended) return
    this.#ended = true
    const { meter, workflow } = this.#parts
    const state = how.kind === 'ended' ? how.value.state : how.kind
    if (how.kind === 'ended') {
      runs(meter).add(1, { workflow, state })
      const { failure, problem } = how.value
      const reason = problem ?? failure
      if (reason !== undefined) noteFailure(this.#span, failureError(reason))
    }
    this.#span.setAttribute('tutti.run.state', state)
    this.#span.end()
  }

  /** How the run came to this process. */
  get #kind(): 'started' | 'resumed' | 'recovered' {
    const { value, epoch } = this.#parts
    if (epoch <= 1) return 'started'
    return value.state === 'running' ? 'recovered' : 'resumed'
  }

  #options(): SpanOptions {
    const { value, now, workflow, id } = this.#parts
    const starter = value.context.trace
    const kind = this.#kind
    const follows = starter !== undefined && kind === 'started' && now - value.createdAt < freshness
    return {
      ...(follows ? { parent: starter } : { root: true }),
      ...(!follows && starter !== undefined && { links: [starter] }),
      attributes: {
        'tutti.workflow': workflow,
        'tutti.workflow.version': value.version,
        'tutti.run.id': id,
        'tutti.run.activation': kind,
      },
    }
  }
}

function activations(meter: Meter): Counter {
  return meter.counter('tutti.workflow.activations', {
    description: 'Runs taken up by this process: started, resumed, or recovered from another',
  })
}

function runs(meter: Meter): Counter {
  return meter.counter('tutti.workflow.runs', { description: 'Runs that have ended, by the state in which they did' })
}
