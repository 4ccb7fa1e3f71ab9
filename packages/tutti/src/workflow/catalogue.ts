import { OptionError } from '../kernel/index.ts'
import { WorkflowError } from './errors.ts'
import type { WorkflowType } from './workflow-type.ts'
import type { Workflow } from './workflow.ts'

/** The workflows that a process can execute, by name and version. */
export class Catalogue {
  readonly #versions = new Map<string, Map<number, Workflow>>()

  constructor(workflows: readonly Workflow[]) {
    for (const workflow of workflows) {
      const { name, version } = workflow
      const versions = this.#versions.get(name) ?? new Map<number, Workflow>()
      if (versions.has(version))
        throw new OptionError(`createWorkflows received version ${version} of ${name} twice; wanted each version of a workflow once.`)
      this.#versions.set(name, versions.set(version, workflow))
    }
  }

  get all(): readonly Workflow[] {
    return [...this.#versions.values()].flatMap((versions) => [...versions.values()])
  }

  find(name: string, version: number): Workflow | undefined {
    return this.#versions.get(name)?.get(version)
  }

  /** A workflow of which runs are started here. Throws `TUTTI_WORKFLOW_UNKNOWN`. */
  known({ name, version }: Pick<WorkflowType, 'name' | 'version'>): Workflow {
    const found = this.find(name, version)
    if (found !== undefined) return found
    throw new WorkflowError(
      'TUTTI_WORKFLOW_UNKNOWN',
      `The workflow ${name} in version ${version} is not known here; add it to the application, or to createWorkflows.`,
      { details: { workflow: name, version } },
    )
  }
}
