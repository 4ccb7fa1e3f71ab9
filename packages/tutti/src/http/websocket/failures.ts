import { runInContext, TuttiError, type Context } from '../../kernel/index.ts'
import { ValidationError } from '../../schema/index.ts'
import { HttpError } from '../errors.ts'

/** Does a handler's work in a context and passes what it throws or rejects with to `failed`; synchronous where the handler is. */
export function attempt(context: Context, work: () => unknown, failed: (error: unknown) => void | Promise<void>): void | Promise<void> {
  try {
    const result = runInContext(context, call, work)
    if (isThenable(result)) return Promise.resolve(result).then(ignore, failed)
  } catch (error) {
    return failed(error)
  }
}

/** The error as one made for the client, where it is one. */
export function clientError(error: unknown): TuttiError | undefined {
  return error instanceof TuttiError && error.status < 500 ? error : undefined
}

/** The message that tells a client what was wrong with its own. */
export function errorFrame(error: TuttiError): string {
  return JSON.stringify({
    error: {
      code: error instanceof HttpError ? error.problemCode : error.code,
      message: error.message,
      ...(error instanceof ValidationError ? { errors: error.problems } : undefined),
    },
  })
}

/** Whether a close frame may carry a code (RFC 6455 section 7.4). */
export function isCloseCode(code: number): boolean {
  return Number.isInteger(code) && ((code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999))
}

function call(work: () => unknown): unknown {
  return work()
}

function ignore(): void {}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
