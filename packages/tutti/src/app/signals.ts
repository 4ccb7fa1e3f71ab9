import { TuttiError } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'

/** What ends with the process. */
export interface Stoppable {
  readonly log: Logger
  /** Ends in order. `grace` is how long idle connections may still send a request. */
  stop(options: { readonly grace: number }): Promise<void>
  /** Called before the process ends at once. */
  kill?(): void
}

const endings = ['SIGTERM', 'SIGINT'] as const

/** A signal that is sent to a group of processes often comes twice, by way of npm for one: within this time it counts once, in milliseconds. */
const sameTime = 100

/** How long idle connections may still send a request when an orchestrator ends the process. Somebody at a terminal is not kept waiting. */
const graceOf = { SIGTERM: 500, SIGINT: 0 } as const

const running = new Set<Stoppable>()
let stoppingSince: number | undefined

/**
 * Stops everything that was given on SIGTERM or SIGINT and ends the process: with 0 when everything stopped well, with 1 when it did not.
 * A second signal ends it at once. Returns a function that undoes this.
 */
export function stopOnSignals(stoppable: Stoppable): () => void {
  if (running.size === 0 && stoppingSince === undefined) for (const signal of endings) process.on(signal, onSignal)
  running.add(stoppable)
  return () => {
    // Once the process is ending it has to end, and a second signal has to be heard.
    if (stoppingSince !== undefined) return
    running.delete(stoppable)
    if (running.size === 0) for (const signal of endings) process.off(signal, onSignal)
  }
}

/** Stops what runs and ends the process, as a signal would. */
export function endProcess(reason: string, grace: number): void {
  if (stoppingSince !== undefined) return
  stoppingSince = performance.now()
  const all = [...running]
  all[0]?.log.info(`${reason}: finishing what runs, then ending. A signal now ends at once.`)
  void stopAll(all, grace)
}

function onSignal(signal: (typeof endings)[number]): void {
  if (stoppingSince === undefined) {
    endProcess(signal, graceOf[signal])
    return
  }
  if (performance.now() - stoppingSince < sameTime) return
  for (const { kill, log } of running) {
    log.warn(`${signal} again: ending without waiting any longer.`)
    kill?.()
  }
  process.exit(1)
}

async function stopAll(all: readonly Stoppable[], grace: number): Promise<void> {
  const results = await Promise.allSettled(
    all.map(async (stoppable) => {
      try {
        await stoppable.stop({ grace })
      } catch (reason) {
        const error = TuttiError.from(reason)
        stoppable.log.error(error.message, { error })
        throw error
      } finally {
        await stoppable.log.flush()
      }
    }),
  )
  process.exit(results.every(({ status }) => status === 'fulfilled') ? 0 : 1)
}
