import type { MetricSnapshot, TelemetrySource } from 'tutti/telemetry'
import type { Signal } from './settings.ts'

/** Why something was not delivered. */
export type Loss = 'queue_full' | 'refused' | 'given_up'

const words: Readonly<Record<Signal, string>> = { traces: 'spans', metrics: 'values of metrics', logs: 'log lines' }
/** A trouble that comes and goes is said once in this time, in milliseconds. */
const quiet = 60_000

/** Counts what is lost, and says each trouble once, and when it is over. */
export class Trouble {
  readonly #source: TelemetrySource
  readonly #lost = new Map<string, { readonly signal: Signal; readonly reason: Loss; count: number }>()
  /** The troubles that go on, and whether they were said. */
  readonly #standing = new Map<string, boolean>()
  readonly #lastSaid = new Map<string, number>()
  /** The signals that cannot be sent to a collector at the moment. */
  readonly #failing = new Map<string, Set<Signal>>()
  /** What was lost since the collector last took something of the signal. */
  readonly #recent = new Map<Signal, number>()

  constructor(source: TelemetrySource) {
    this.#source = source
  }

  /** An attempt failed and there will be others. One alone is nothing yet: servers restart, connections end. */
  failing(signal: Signal, { place, attempt, reason }: { readonly place: string; readonly attempt: number; readonly reason: string }): void {
    if (attempt < 2) return
    const failing = this.#failing.get(place) ?? new Set()
    this.#failing.set(place, failing.add(signal))
    this.#say(place, `Telemetry cannot be sent to ${place}: ${reason}. It waits, within bounds, and is tried again.`)
  }

  /** Something will not be delivered. */
  lost(signal: Signal, { count, reason, why }: { readonly count: number; readonly reason: Loss; readonly why: string }): void {
    if (count === 0) return
    const key = `${signal} ${reason}`
    const entry = this.#lost.get(key) ?? { signal, reason, count: 0 }
    entry.count += count
    this.#lost.set(key, entry)
    this.#recent.set(signal, (this.#recent.get(signal) ?? 0) + count)
    this.#say(key, `Telemetry is being lost (${words[signal]}): ${why}. The metric tutti.telemetry.lost counts it.`)
  }

  /** The collector took all of a request. */
  delivered(signal: Signal, place: string): void {
    if (this.#standing.size === 0) return
    const failing = this.#failing.get(place)
    failing?.delete(signal)
    const over = [...this.#standing.keys()].filter((what) => (what === place ? failing?.size === 0 : what.startsWith(`${signal} `)))
    const wasSaid = over.some((what) => this.#standing.get(what) === true)
    for (const what of over) this.#standing.delete(what)
    if (over.length === 0) return
    const lost = this.#summary([signal])
    if (wasSaid) this.#source.report(`${place} takes telemetry again${lost === '' ? '' : `; lost meanwhile: ${lost}`}.`)
  }

  /** Says at the end what was lost since the collector last took something. */
  end(): void {
    const lost = this.#summary(['traces', 'logs', 'metrics'])
    if (lost !== '') this.#source.report(`Telemetry has ended; lost at last: ${lost}.`)
  }

  /** What was lost, as a metric. */
  snapshot(): MetricSnapshot {
    return {
      meter: '@tutti/opentelemetry',
      name: 'tutti.telemetry.lost',
      description: 'Spans, log lines and values of metrics that no collector took',
      unit: '{item}',
      kind: 'counter',
      series: Array.from(this.#lost.values(), ({ signal, reason, count }) => ({ labels: { signal, reason }, value: count })),
    }
  }

  #summary(signals: readonly Signal[]): string {
    const counts = signals.map((signal) => [this.#recent.get(signal) ?? 0, words[signal]] as const)
    for (const signal of signals) this.#recent.delete(signal)
    return counts.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])).join(', ')
  }

  #say(what: string, message: string): void {
    if (this.#standing.has(what)) return
    const now = performance.now()
    const isNew = now - (this.#lastSaid.get(what) ?? -Infinity) >= quiet
    this.#standing.set(what, isNew)
    if (!isNew) return
    this.#lastSaid.set(what, now)
    this.#source.report(message)
  }
}
