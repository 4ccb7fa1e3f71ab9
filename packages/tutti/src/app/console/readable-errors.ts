import { HttpError, reply, type ErrorMapper } from '../../http/index.ts'
import { TuttiError } from '../../kernel/index.ts'

/** Whoever operates the application is told what went wrong in it, which strangers are not. */
export const readableErrors: ErrorMapper = (error, ctx) => {
  if (!(error instanceof TuttiError) || error instanceof HttpError || error.status < 500 || error.code === 'TUTTI_INTERNAL')
    return undefined
  const { status, code, message } = error
  ctx.log.warn(message, { code, requestId: ctx.id })
  const problem = { title: 'The application could not do it', status, detail: message, code, requestId: ctx.id }
  return reply(status, problem, { 'content-type': 'application/problem+json' })
}
