import { httpError, type HttpContext } from '../../http/index.ts'

/** The most that is told at a time. */
const mostItems = 500

type Asking = Pick<HttpContext, 'query'>

/** A query parameter; the first one where it is repeated, `undefined` where it is missing or empty. */
export function textOf(ctx: Asking, name: string): string | undefined {
  const asked = ctx.query[name]
  const value = typeof asked === 'string' ? asked : asked?.[0]
  return value === '' ? undefined : value
}

/** The parts of a query parameter between its commas. */
export function listOf(ctx: Asking, name: string): readonly string[] {
  return (textOf(ctx, name) ?? '').split(',').filter((part) => part !== '')
}

/** A query parameter that is a number from 0 on. Throws 400 for another one. */
export function numberOf(ctx: Asking, name: string): number | undefined {
  const value = textOf(ctx, name)
  if (value === undefined) return undefined
  const number = Number(value)
  if (Number.isFinite(number) && number >= 0) return number
  throw badInput(`The parameter ${name} is ${JSON.stringify(value)}; wanted a number from 0 on.`)
}

/** A query parameter that is a whole number from 0 on. Throws 400 for another one. */
export function wholeOf(ctx: Asking, name: string): number | undefined {
  const number = numberOf(ctx, name)
  if (number === undefined || Number.isSafeInteger(number)) return number
  throw badInput(`The parameter ${name} is ${number}; wanted a whole number.`)
}

/** When something was, in milliseconds since 1970, from a number of them or an ISO 8601 text. Throws 400 for another text. */
export function timeOf(ctx: Asking, name: string): number | undefined {
  const value = textOf(ctx, name)
  if (value === undefined) return undefined
  const time = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : Date.parse(value)
  if (Number.isFinite(time)) return time
  throw badInput(
    `The parameter ${name} is ${JSON.stringify(value)}; wanted milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z.`,
  )
}

/** How much is told at a time: 100 unless asked otherwise. Throws 400 for more than 500. */
export function limitOf(ctx: Asking): number {
  const limit = wholeOf(ctx, 'limit') ?? 100
  if (limit >= 1 && limit <= mostItems) return limit
  throw badInput(`The limit is ${limit}; wanted 1 to ${mostItems}.`)
}

/** 400: what was asked for cannot be meant. */
export function badInput(message: string): Error {
  return httpError(400, 'BAD_INPUT', message)
}

/** 404: what was asked for is not there. */
export function notFound(what: string): Error {
  return httpError(404, 'NOT_FOUND', `${what} does not exist.`)
}
