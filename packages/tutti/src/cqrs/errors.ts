import { OptionError, TuttiError } from '../kernel/index.ts'

/** A command or query that has no handler, where it was sent or when the application starts. */
export function handlerMissing(kind: string, name: string): TuttiError {
  return new TuttiError(
    'TUTTI_HANDLER_MISSING',
    `Nothing handles the ${kind} ${JSON.stringify(name)}; declare its one handler with app.handle(definition, handler).`,
  )
}

/** A command or query that has two. */
export function handlerDuplicate(kind: string, name: string): OptionError {
  return new OptionError(`The ${kind} ${JSON.stringify(name)} is handled twice; it must have exactly one handler.`, {
    code: 'TUTTI_HANDLER_DUPLICATE',
  })
}

/** A command or query that took longer than it may. */
export function messageTimeout(kind: string, name: string, ms: number): TuttiError {
  return new TuttiError(
    'TUTTI_MESSAGE_TIMEOUT',
    `The ${kind} ${JSON.stringify(name)} took longer than the ${ms} ms that it has; its signal has fired.`,
    { status: 504 },
  )
}
