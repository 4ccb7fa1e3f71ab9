import { TuttiError } from '../kernel/index.ts'
import { ValidationError, type ValidationProblem } from '../schema/index.ts'

/** Something about messages that cannot be done. */
export class MessagingError extends TuttiError {}

/** Data that does not fit its topic, where it was published or where it arrived: `problems` has all that is wrong with it. */
export class MessageInvalidError extends MessagingError {
  readonly problems: readonly ValidationProblem[]

  constructor(topic: string, problems: readonly ValidationProblem[]) {
    const { message } = new ValidationError(problems)
    super('TUTTI_MESSAGE_INVALID', `A message of the topic ${topic} does not fit its schema: ${message}`, { details: { topic, problems } })
    this.problems = problems
  }
}

/** A broker that was used after it had been closed. */
export function brokerClosed(kind: string): MessagingError {
  return new MessagingError('TUTTI_BROKER_CLOSED', `The broker ${kind} was used after it had been closed.`)
}

/** A message that cannot be understood. */
export function unreadable(reason: string, cause?: unknown): MessagingError {
  return new MessagingError('TUTTI_MESSAGE_UNREADABLE', `A message cannot be read: ${reason}.`, { cause })
}
