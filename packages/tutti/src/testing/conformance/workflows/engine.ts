import type { Storage } from '../../../storage/index.ts'
import { openWorkflows, type Workflow, type Workflows, type WorkflowsOptions } from '../../../workflow/index.ts'

/** An engine that has begun to work: quick to notice what others do, and slow to lose its leases on a machine that is busy. */
export async function startEngine(storage: Storage, workflows: readonly Workflow[], options: WorkflowsOptions = {}): Promise<Workflows> {
  const engine = await openWorkflows(storage, workflows, { lease: '20s', poll: 20, idle: 20, ...options })
  await engine.start()
  return engine
}
