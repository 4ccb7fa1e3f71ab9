import type { Meter } from '../observe/index.ts'
import type { OperationKind } from './run-document.ts'

/** Counts that the time for something is over; `run` is the deadline of the run itself. */
export function countTimeOut(meter: Meter, workflow: string, kind: OperationKind | 'run'): void {
  meter
    .counter('tutti.workflow.timeouts', { description: 'Attempts, waits for signals and runs that took longer than they may' })
    .add(1, { workflow, kind })
}
