import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import {
  createScheduler,
  type CronDefinition,
  type FiringContext,
  type Scheduler,
  type SchedulerOptions,
} from '../../src/schedule/public.ts'
import { memoryStorage, sqliteStorage, type Storage } from '../../src/storage/index.ts'
import { fakeClock, type FakeClock } from '../../src/testing/index.ts'

/** The storages that these tests run on. */
export const storages = ['memory', 'sqlite'] as const

/** A storage of a kind, gone when the test has ended. */
export async function openStorage(kind: (typeof storages)[number]): Promise<Storage> {
  if (kind === 'memory') return memoryStorage()
  const folder = mkdtempSync(join(tmpdir(), 'tutti-schedule-'))
  const storage = sqliteStorage({ path: join(folder, 'test.db') })
  onTestFinished(async () => {
    await storage.close()
    rmSync(folder, { recursive: true })
  })
  await storage.migrate()
  return storage
}

/** Noon on a Wednesday without any change of clocks. */
export const noon = Date.UTC(2026, 0, 14, 12)

/** A clock that shows noon. */
export function clockAtNoon(): FakeClock {
  return fakeClock({ now: noon })
}

/** The time of a date in UTC, such as `12:00:30`. */
export function timeOf(date: Date | undefined): string {
  return date?.toISOString().slice(11, 19) ?? 'never'
}

/** Waits until a condition holds. */
export function until(condition: () => unknown): Promise<void> {
  return vi.waitUntil(async () => Boolean(await condition()), { timeout: 30_000, interval: 2 }).then(() => undefined)
}

/**
 * Waits until a condition holds while time passes, slowly. On a disk a look may end when its time is over: then the next one comes a
 * millisecond later.
 */
export function passing(clock: FakeClock, condition: () => unknown): Promise<void> {
  return until(async () => {
    await clock.advance(1)
    return condition()
  })
}

/** A started scheduler that is stopped when the test has ended, whatever its clock says. */
export async function started(
  storage: Storage,
  definitions: readonly CronDefinition[],
  options: SchedulerOptions & { readonly clock: FakeClock },
): Promise<Scheduler> {
  const scheduler = createScheduler(storage, definitions, options)
  onTestFinished(async () => {
    const stopped = scheduler.stop({ timeout: 0 })
    let isStopped = false
    void stopped.finally(() => (isStopped = true)).catch(() => undefined)
    await until(async () => {
      await options.clock.advance('1s')
      return isStopped
    })
  })
  await scheduler.start()
  return scheduler
}

/** A handler that notes its calls and ends when it is told to. */
export class Calls {
  readonly contexts: FiringContext[] = []
  readonly #open: { readonly context: FiringContext; readonly end: (error?: Error) => void }[] = []

  /** Ends at once. */
  readonly quick = (context: FiringContext): void => void this.contexts.push(context)

  /** Waits until `end`, or until its signal fires. */
  readonly slow = (context: FiringContext): Promise<void> => {
    this.contexts.push(context)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#open.push({ context, end: (error) => (error === undefined ? resolve() : reject(error)) })
    context.signal.addEventListener('abort', () => reject(context.signal.reason as Error))
    return promise
  }

  /** The times that the calls were for. */
  get times(): string[] {
    return this.contexts.map(({ scheduledAt }) => timeOf(scheduledAt))
  }

  /** Ends the oldest call that has not been ended. */
  end(error?: Error): void {
    this.#open.shift()?.end(error)
  }
}
