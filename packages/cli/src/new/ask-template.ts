import { isCancel, select } from '@clack/prompts'
import { CommandError } from '../command-error.ts'

/** What new projects begin with. */
export const templates = {
  http: 'routes alone',
  events: 'an aggregate, a read model and routes, on SQLite',
  full: 'as events, with a workflow, a schedule and configuration',
} as const

export type Template = keyof typeof templates

/** Asks somebody at a terminal. */
export async function askTemplate(): Promise<Template> {
  const options = (Object.keys(templates) as Template[]).map((value) => ({ value, label: value, hint: templates[value] }))
  const chosen = await select<Template>({ message: 'What does the project begin with?', options })
  if (isCancel(chosen)) throw new CommandError('Nothing was made.')
  return chosen
}
