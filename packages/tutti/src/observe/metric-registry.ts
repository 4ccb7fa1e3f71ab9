import { OptionError } from '../kernel/index.ts'
import type { Observe } from './meter.ts'
import type { InstrumentDefinition, MetricSnapshot, ObservedDefinition } from './metric-snapshot.ts'
import { Observed } from './observed.ts'
import { meterProvider } from './open-telemetry.ts'

interface Instrument {
  readonly definition: InstrumentDefinition
  snapshot(): MetricSnapshot
}

/** OpenTelemetry's rule for the names of instruments. */
const namePattern = /^[a-zA-Z][\w.\-/]{0,254}$/

/** Holds instruments by name, to be read as a whole. */
export class MetricRegistry {
  readonly #instruments = new Map<string, Instrument>()

  /** The instrument of that name, made if there is none. */
  instrument<I extends Instrument>(
    definition: InstrumentDefinition,
    create: () => I,
    isKind: (instrument: Instrument) => instrument is I,
  ): I {
    const { name, kind } = definition
    const found = this.#instruments.get(name)
    if (found !== undefined) {
      if (isKind(found)) return found
      throw new OptionError(
        `The ${kind} "${name}" was asked for, but that name belongs to a ${found.definition.kind}; wanted another name.`,
      )
    }
    if (!namePattern.test(name)) {
      const rule = 'a letter, then up to 254 letters, digits and "_", ".", "-", "/"'
      throw new OptionError(`Received ${JSON.stringify(name)} as the name of a ${kind}; wanted ${rule}.`)
    }
    const instrument = create()
    this.#instruments.set(name, instrument)
    return instrument
  }

  /** Adds somebody to ask for values. */
  observed(definition: ObservedDefinition, observe: Observe): Disposable {
    const isSame = (instrument: Instrument): instrument is Observed =>
      instrument instanceof Observed && instrument.definition.kind === definition.kind
    const end = this.instrument(definition, () => new Observed(definition), isSame).add(observe)
    this.connect()
    return { [Symbol.dispose]: end }
  }

  /** Offers what is observed to OpenTelemetry when its provider was registered after they were made. Every new value and every `collect` does so too. */
  connect(): void {
    const provider = meterProvider()
    if (provider === undefined) return
    for (const instrument of this.#instruments.values()) {
      if (instrument instanceof Observed) instrument.connect(provider)
    }
  }

  /** All instruments with their values now. */
  collect(): readonly MetricSnapshot[] {
    this.connect()
    return Array.from(this.#instruments.values(), (instrument) => instrument.snapshot())
  }
}

/** The registry of the process. */
export const defaultRegistry = new MetricRegistry()
