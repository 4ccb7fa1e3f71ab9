import type { Storage } from '../storage/index.ts'
import type { WorkflowsOptions } from './engine-settings.ts'
import type { Workflow } from './workflow.ts'
import type { Workflows } from './workflows-interface.ts'

/** An engine, whose code is loaded when the first one is opened: applications without workflows need none of it. */
export async function openWorkflows(storage: Storage, workflows: readonly Workflow[], options: WorkflowsOptions): Promise<Workflows> {
  const { createWorkflows } = await import('./create-workflows.ts')
  return createWorkflows(storage, workflows, options)
}
