import type { Backend } from '../backend.ts'
import type { AnyDeadLetter, DeadLetterFilter, DeadLetterKind } from '../dead-letters.ts'
import { toWire } from './answer.ts'
import { badInput, limitOf, notFound, textOf } from './asked.ts'
import type { ConsoleDeadLetter, Page } from './contract.ts'
import { neededIn, textIn, textsIn, type Input } from './input.ts'

/** What was set aside, newest first. */
export async function letterList(ctx: Parameters<typeof limitOf>[0], { deadLetters }: Backend): Promise<Page<ConsoleDeadLetter>> {
  const limit = limitOf(ctx)
  const after = textOf(ctx, 'after')
  const all = (await deadLetters.list(filterOf(textOf(ctx, 'kind'), textOf(ctx, 'of')))).toReversed()
  const start = after === undefined ? 0 : all.findIndex((letter) => nameOf(letter) === after) + 1
  const items = all.slice(start, start + limit)
  const last = items.at(-1)
  const hasMore = start + limit < all.length
  return { items: items.map((letter) => toWire(letter)), next: hasMore && last !== undefined ? nameOf(last) : undefined }
}

/** Which dead letters a change is about. Throws 400 where it names none: a change of all of them has to say so. */
export function lettersIn(body: Input): DeadLetterFilter {
  const ids = textsIn(body, 'ids')
  const filter = filterOf(textIn(body, 'kind'), textIn(body, 'of'))
  return { ...filter, ...(ids && { ids }) }
}

/** Has a message handled again with other data. Throws 404 where it is not set aside. */
export async function editMessage({ deadLetters, topics }: Backend, body: Input): Promise<number> {
  const of = neededIn(body, 'of')
  const id = neededIn(body, 'id')
  if (textIn(body, 'kind') !== 'message') throw badInput('Only messages can be handled again with other data; wanted the kind "message".')
  if (!('data' in body)) throw badInput('The member data is missing; wanted what the message is to carry.')
  const [letter] = await deadLetters.list({ kind: 'message', of, ids: [id] })
  if (letter === undefined) throw notFound(`The dead letter ${JSON.stringify(id)} of ${of}`)
  const [topic = '', group = ''] = of.split('/')
  const messenger = await topics.messenger()
  return (await messenger.replayWith({ topic, group }, id, body['data'])) ? 1 : 0
}

function filterOf(kind: string | undefined, of: string | undefined): DeadLetterFilter {
  return { ...(kind !== undefined && { kind: kindOf(kind) }), ...(of !== undefined && { of }) }
}

function kindOf(kind: string): DeadLetterKind {
  if (kind === 'message' || kind === 'projection' || kind === 'run') return kind
  throw badInput(`The kind is ${JSON.stringify(kind)}; wanted "message", "projection" or "run".`)
}

function nameOf({ kind, of, id }: AnyDeadLetter): string {
  return `${kind}:${of}:${id}`
}
