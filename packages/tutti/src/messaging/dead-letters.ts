import { errorFacts, type ErrorFacts } from '../kernel/index.ts'
import type { Document, DocumentChange, Storage } from '../storage/index.ts'
import { DocumentConflictError } from '../storage/index.ts'
import type { Delivery } from './broker.ts'
import { shortId } from './short-id.ts'

/** A message that could not be handled, as it is stored: with all that is needed to handle it again. */
export interface LetterValue {
  readonly topic: string
  readonly group: string
  /** As its publisher gave it, where it could be read. */
  readonly messageId: string | undefined
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** In milliseconds since 1970. */
  readonly publishedAt: number | undefined
  readonly attempts: number
  readonly deliveries: number
  readonly error: ErrorFacts
  /** When it was given up, in milliseconds since 1970. */
  readonly time: number
}

/** `dead`: it is set aside. `replay`: it is handled again soon. */
export type MessageLetterStatus = 'dead' | 'replay'

/** A message that was set aside because it could not be handled. */
export interface DeadMessage extends LetterValue {
  /** Names it in `replay` and `discard`. */
  readonly id: string
  readonly status: MessageLetterStatus
}

/** The consumers of a group, as one: how pauses and dead letters are addressed. */
export interface ConsumerName {
  readonly topic: string
  readonly group: string
}

/** The collection of dead letters. */
export const letters = 'dead-messages'
const page = 500

/** The status of those that are to be handled again: one for each consumer, so that they can be claimed. */
export function replayStatus({ topic, group }: ConsumerName): string {
  return `replay:${shortId(`${topic}/${group}`).slice(0, 90)}`
}

/** What is stored of a message that was given up. */
export function letterChange(
  { topic, group }: ConsumerName,
  delivery: Delivery,
  { error, attempts, time }: { readonly error: unknown; readonly attempts: number; readonly time: number },
): Extract<DocumentChange, { readonly delete?: false }> {
  const { id, key, headers, body, publishedAt, deliveries } = delivery
  const value: LetterValue = {
    topic,
    group,
    messageId: id,
    key,
    headers,
    body,
    publishedAt,
    attempts,
    deliveries,
    error: errorFacts(error),
    time,
  }
  return { key: `${letters}/${topic}/${group}/${shortId(id ?? bodyId(delivery))}`, value, status: 'dead' }
}

/** A stored letter as a delivery, to be handled again. */
export function deliveryOf({ messageId, key, headers, body, publishedAt, deliveries, attempts }: LetterValue): Delivery {
  return { id: messageId, key, headers, body, publishedAt, deliveries: deliveries + 1, failures: attempts }
}

/** The dead letters of a consumer, or of all. */
export async function listLetters(
  { state }: Pick<Storage, 'state'>,
  name: ConsumerName | undefined,
): Promise<readonly Document<LetterValue>[]> {
  const prefix = name === undefined ? `${letters}/` : `${letters}/${name.topic}/${name.group}/`
  const all: Document<LetterValue>[] = []
  for (;;) {
    const after = all.at(-1)?.key
    const found = await state.list<LetterValue>(prefix, { limit: page, ...(after !== undefined && { after }) })
    all.push(...found)
    if (found.length < page) return all
  }
}

/** A dead letter as applications see it. */
export function toDeadMessage({ key, value, status }: Document<LetterValue>): DeadMessage {
  return { ...value, id: key.slice(letters.length + 1), status: status === 'dead' ? 'dead' : 'replay' }
}

/** The letters with the ids, as far as they are the consumer's; all of them without ids. */
export async function findLetters(
  storage: Pick<Storage, 'state'>,
  name: ConsumerName,
  ids: readonly string[] | undefined,
): Promise<readonly Document<LetterValue>[]> {
  if (ids === undefined) return listLetters(storage, name)
  const keys = ids.filter((id) => id.startsWith(`${name.topic}/${name.group}/`)).map((id) => `${letters}/${id}`)
  const found = await storage.state.getMany<LetterValue>(keys)
  return found.filter((letter) => letter !== undefined)
}

/** Changes letters; those that something else happens to at the same moment are left alone. Resolves with how many were changed. */
export async function changeLetters(
  { state }: Pick<Storage, 'state'>,
  found: readonly Document<LetterValue>[],
  change: (letter: Document<LetterValue>) => DocumentChange,
): Promise<number> {
  const changed = await Promise.all(
    found.map(async (letter) => {
      try {
        await state.write([{ ...change(letter), ifVersion: letter.version }])
        return 1
      } catch (error) {
        if (error instanceof DocumentConflictError) return 0
        throw error
      }
    }),
  )
  return changed.reduce<number>((sum, one) => sum + one, 0)
}

/** Names a message whose broker carries no id, the same one each time it comes. */
function bodyId({ body, headers, publishedAt }: Delivery): string {
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256')
  return hash
    .update(JSON.stringify([headers, publishedAt]))
    .update(body)
    .digest('base64url')
}
