import type { WorkflowsOptions } from '../workflow/index.ts'

/** How an application executes runs of workflows: the application itself says the rest. */
export type RunsOptions = Omit<WorkflowsOptions, 'clock' | 'owner' | 'verbs' | 'log' | 'meter' | 'tracer'>
