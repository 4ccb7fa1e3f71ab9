import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { milliseconds } from '../../src/kernel/index.ts'
import { memoryStorage, sqliteStorage, type Storage } from '../../src/storage/index.ts'
import { fakeClock, type FakeClock } from '../../src/testing/index.ts'
import { createWorkflows, type Workflow, type Workflows, type WorkflowsOptions } from '../../src/workflow/public.ts'

/** The storages that these tests run on. */
export const storages = ['memory', 'sqlite'] as const

/** A storage of a kind, gone when the test has ended. */
export async function openStorage(kind: (typeof storages)[number] = 'memory'): Promise<Storage> {
  if (kind === 'memory') return memoryStorage()
  const folder = mkdtempSync(join(tmpdir(), 'tutti-workflow-'))
  const storage = sqliteStorage({ path: join(folder, 'test.db') })
  onTestFinished(async () => {
    await storage.close()
    rmSync(folder, { recursive: true })
  })
  await storage.migrate()
  return storage
}

/** Workflows that run, and stop when the test has ended. */
export async function startWorkflows(storage: Storage, workflows: readonly Workflow[], options: WorkflowsOptions = {}): Promise<Workflows> {
  const engine = createWorkflows(storage, workflows, options)
  await engine.start()
  onTestFinished(() => engine.stop({ timeout: '1s' }))
  return engine
}

/**
 * A clock that stands still, and passes in small steps: whatever follows from a timer has happened before the next step, however many turns
 * of the event loop it takes on a storage in memory.
 */
export function testClock(): FakeClock {
  const clock = fakeClock()
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    get pending() {
      return clock.pending
    },
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout: (work, delay) => clock.setTimeout(work, delay),
    sleep: (duration, signal) => clock.sleep(duration, signal),
    set: (now) => clock.set(now),
    advance: async (duration) => {
      const end = clock.monotonic() + milliseconds(duration)
      const steps = Math.min(60, Math.max(1, Math.ceil(milliseconds(duration) / 500)))
      await settled()
      for (let step = 1; step <= steps; step++) {
        await clock.advance(Math.max(0, end - (milliseconds(duration) * (steps - step)) / steps - clock.monotonic()))
        await settled()
      }
    },
  }
}
