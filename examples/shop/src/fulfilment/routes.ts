import { httpError, Problem, reply, router, type HttpContext } from 'tutti'
import * as z from 'zod'
import { admin, customer } from '../access.ts'
import { viewOwnOrder } from '../orders/order-view.ts'
import { Card } from '../payments/payment.ts'
import { Approval, fulfil } from './fulfil.ts'

const params = z.object({ id: z.uuid() })
const deps = { customer }

const FulfilmentView = z
  .object({
    state: z.string().describe('waiting, completed, compensated, …'),
    done: z.array(z.string()).describe('The steps that are done, and what was taken back.'),
    waitsFor: z.array(z.string()),
    failure: z.string().optional(),
    result: z.unknown().optional(),
  })
  .meta({ id: 'Fulfilment' })

export const fulfilmentRouter = router('/orders/:id', { tags: ['fulfilment'] })

fulfilmentRouter.post(
  '/checkout',
  {
    summary: 'Pay an order by card and have it shipped',
    description: 'Sent twice, it is done once.',
    params,
    body: z.object({ card: Card }),
    response: { 202: FulfilmentView, 404: Problem, 409: Problem },
    deps,
  },
  async (ctx) => {
    const { id, items, total, status } = await viewOwnOrder(ctx, { ...ctx.params, ...ctx.deps })
    if (status !== 'open' && !(await isFulfilled(ctx, id))) throw httpError(409, 'ORDER_NOT_OPEN', `The order is ${status}.`)
    await ctx.run(fulfil, { order: id, items, total, card: ctx.body.card }, { id })
    return reply(202, await viewFulfilment(ctx, id), { location: `/orders/${id}/fulfilment` })
  },
)

fulfilmentRouter.get(
  '/fulfilment',
  { summary: 'How far an order is', params, response: { 200: FulfilmentView, 404: Problem }, deps },
  async (ctx) => {
    const { id } = await viewOwnOrder(ctx, { ...ctx.params, ...ctx.deps })
    return viewFulfilment(ctx, id)
  },
)

fulfilmentRouter.delete(
  '/fulfilment',
  { summary: 'Call an order off that is not shipped yet', params, response: { 202: FulfilmentView, 404: Problem }, deps },
  async (ctx) => {
    const { id } = await viewOwnOrder(ctx, { ...ctx.params, ...ctx.deps })
    await ctx.getRun(fulfil, id).cancel('The customer called it off.')
    return reply(202, await viewFulfilment(ctx, id))
  },
)

fulfilmentRouter.post(
  '/approval',
  {
    summary: 'Approve an expensive order, or do not',
    guard: admin,
    params,
    body: Approval,
    response: { 202: FulfilmentView, 404: Problem },
  },
  async (ctx) => {
    const { id } = ctx.params
    await ctx.getRun(fulfil, id).signal('approval', ctx.body)
    return reply(202, await viewFulfilment(ctx, id))
  },
)

async function isFulfilled({ getRun }: Pick<HttpContext, 'getRun'>, id: string): Promise<boolean> {
  return getRun(fulfil, id)
    .status()
    .then(
      () => true,
      () => false,
    )
}

async function viewFulfilment({ getRun }: Pick<HttpContext, 'getRun'>, id: string): Promise<z.infer<typeof FulfilmentView>> {
  const run = getRun(fulfil, id)
  const [{ state, waitsFor, failure, output }, steps] = await Promise.all([run.status(), run.steps()])
  return {
    state,
    done: steps.map(({ step, kind }) => (kind === 'undo' ? `undo ${step}` : step)),
    waitsFor: waitsFor.map(({ step }) => step),
    ...(failure && { failure: failure.message }),
    ...(output !== undefined && { result: output }),
  }
}
