import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { memoryStorage, sqliteStorage, type Storage } from '../../src/storage/index.ts'
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
