import { milliseconds, type Context, type Duration } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { Transaction } from '../storage/index.ts'
import type { ReceivedMessage } from './message.ts'

/** What the handler of a message gets; members may be destructured. */
export interface ConsumeContext<Data = unknown> extends Context {
  /** What was published, as the topic's schema gives it. */
  readonly data: Data
  readonly message: ReceivedMessage
  /** Which attempt this is, from 1. */
  readonly attempt: number
  /** The transaction that also notes that the message was handled; only with `inbox`. */
  readonly tx: Transaction | undefined
  readonly log: Logger
  /** Fires when the handler took too long, the process stops, or the message is another process's by now. */
  readonly signal: AbortSignal
  /** Ends the handler: the message becomes a dead letter at once, with the reason. */
  readonly reject: (reason: string) => never
  /** Ends the handler: the message comes again after the delay, and this attempt does not count. Those of its key wait. @default at once */
  readonly requeue: (delay?: Duration) => never
}

/** Handles a message: to return is to have handled it, to throw to have it again. */
export type ConsumeHandler<Data> = (ctx: ConsumeContext<Data>) => unknown

/**
 * Wraps the handling of messages, in the shape of all middleware. What comes out of it counts as if the handler had done it: to return
 * without `next` is to have handled the message, to throw to have it again. With `inbox` it is part of the transaction.
 */
export type ConsumeMiddleware<Ctx = ConsumeContext> = (ctx: Ctx, next: () => Promise<unknown>) => unknown

/** What a handler rejected a message with. */
export class Rejection extends Error {}

/** What a handler put a message back with. */
export class Requeue extends Error {
  /** In milliseconds. */
  readonly delay: number

  constructor(delay: number) {
    super('The handler put the message back.')
    this.delay = delay
  }
}

/** Ends a handler by throwing: within the handler's own `try` it has to be thrown on. */
export const verdicts: Pick<ConsumeContext, 'reject' | 'requeue'> = {
  reject: (reason) => {
    throw new Rejection(String(reason))
  },
  requeue: (delay = 0) => {
    throw new Requeue(milliseconds(delay))
  },
}
