import type { ConsoleJob } from 'tutti/console'
import type { Column } from '../../components/table-model.ts'

export const jobColumns: readonly Column<ConsoleJob>[] = [
  { key: 'command', title: 'Command', value: (job) => job.command.name, sortable: true, width: 'minmax(140px, 1fr)', phone: 'first' },
  { key: 'state', title: 'State', value: (job) => job.state, sortable: true, width: '96px', phone: 'side' },
  { key: 'due', title: 'Due', value: (job) => job.due, sortable: true, width: '104px', align: 'end' },
  { key: 'attempts', title: 'Attempts', value: (job) => job.attempts, width: '80px', align: 'end', phone: 'hidden' },
  { key: 'error', title: 'Error', value: (job) => job.error?.message, width: 'minmax(100px, 1fr)' },
  { key: 'actions', title: '', width: '96px', align: 'end' },
]

/** What can be done about a job. */
export function jobActions({ state }: ConsoleJob): readonly ('cancel' | 'retry')[] {
  if (state === 'waiting') return ['cancel']
  return state === 'failed' ? ['retry'] : []
}
