import { milliseconds, OptionError, type Duration, type Timer } from '../../kernel/index.ts'
import { services } from '../context.ts'
import { discardBody } from '../engine/write.ts'
import { HttpError } from '../errors.ts'
import type { Middleware } from '../middleware.ts'

/**
 * Answers 504 where the handling takes longer than `limit`, and fires `ctx.signal` so that the work can stop. Sets `ctx.deadline`.
 * A response that streams has been answered in time once it begins.
 */
export function timeout(limit: Duration): Middleware {
  const ms = milliseconds(limit)
  if (ms === 0)
    throw new OptionError(
      'timeout received 0, in which nothing can be answered; wanted a duration such as "2s". Leave the time-out out for none.',
    )
  return async function timeout(ctx, next) {
    const { clock } = ctx[services]
    const deadline = clock.now() + ms
    ctx.deadline = ctx.deadline === undefined ? deadline : Math.min(ctx.deadline, deadline)
    let late = false
    let timer: Timer | undefined
    const expired = new Promise<never>((_, reject) => {
      timer = clock.setTimeout(() => {
        late = true
        const error = new HttpError('TUTTI_TIMEOUT', `The request took longer than the ${ms} ms that it has.`, {
          status: 504,
          expected: true,
        })
        reject(error)
        ctx.abort(error)
      }, ms)
    })
    const response = next()
    // Nobody will read what comes too late: a stream in it would keep its file or connection open.
    void response.then((settled) => late && discardBody(settled))
    try {
      return await Promise.race([response, expired])
    } finally {
      timer?.cancel()
    }
  }
}
