import { jsonSchema } from 'tutti/json-schema'
import { topic } from 'tutti/messaging'

/** One step of a key, numbered from 0. */
export interface Step {
  readonly key: string
  readonly n: number
}

/** What the processes of these tests tell each other. */
export const steps = topic(
  'steps',
  jsonSchema<Step>({ type: 'object', properties: { key: { type: 'string' }, n: { type: 'integer' } }, required: ['key', 'n'] }),
)

/** A step as a row. */
export type StepRow = Pick<Step, keyof Step>
