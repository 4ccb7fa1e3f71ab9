import { errorFacts, type ErrorFacts } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import { DocumentConflictError, type Document, type DocumentChange, type Storage } from '../storage/index.ts'
import type { Build } from './build.ts'

/** An event that could not be handled, as it is stored. */
export interface LetterValue {
  readonly projection: string
  readonly build: string
  readonly segment: number
  readonly eventId: string
  readonly type: string
  readonly stream: string
  /** The event's version in its stream; for a parked stream also the first that is to be handled when it is replayed. */
  readonly streamVersion: number
  readonly position: number
  readonly attempts: number
  readonly error: ErrorFacts
  /** In milliseconds since 1970. */
  readonly time: number
  /** Whether the later events of the stream are set aside as well. */
  readonly parked: boolean
  /** Whether it is to be passed over when the stream is replayed. */
  readonly discarded?: boolean
}

/** `dead`: the event alone is set aside. `parked`: its stream is. `replay`: its turn comes again soon. */
export type LetterStatus = 'dead' | 'parked' | 'replay'

/** An event that was set aside because its handler failed. */
export interface DeadLetter extends LetterValue {
  /** Names it in `replay` and `discard`. */
  readonly id: string
  readonly status: LetterStatus
}

const collection = 'dead-letters'

/** The key of an event's dead letter; sorted by position. */
export function letterKey(build: Pick<Build, 'id'>, position: number): string {
  return `${collection}/${build.id}/${String(position).padStart(16, '0')}`
}

/** What is stored of an event that was given up. */
export function letterOf(
  event: RecordedEvent,
  at: Pick<LetterValue, 'projection' | 'build' | 'segment' | 'attempts' | 'time' | 'parked'>,
  error: unknown,
): LetterValue {
  const { id: eventId, type, stream, streamVersion, position } = event
  return { ...at, eventId, type, stream, streamVersion, position, error: errorFacts(error) }
}

/** The dead letters of all builds of a projection (`name@`), or of one build (`name@2/`), oldest first within each. */
export async function listLetters(
  { state }: Pick<Storage, 'state'>,
  prefix: string,
  status?: LetterStatus,
): Promise<readonly Document<LetterValue>[]> {
  const all: Document<LetterValue>[] = []
  for (;;) {
    const after = all.at(-1)?.key
    const page = await state.list<LetterValue>(`${collection}/${prefix}`, {
      limit: 500,
      ...(status !== undefined && { status }),
      ...(after !== undefined && { after }),
    })
    all.push(...page)
    if (page.length < 500) return all
  }
}

/** How many events all builds of a projection have set aside; those that are about to be handled again are not among them. */
export async function countLetters({ state }: Pick<Storage, 'state'>, name: string): Promise<number> {
  const { dead = 0, parked = 0 } = await state.count(`${collection}/${name}@`)
  return dead + parked
}

/** A dead letter as applications see it. */
export function toDeadLetter({ key, value, status }: Document<LetterValue>): DeadLetter {
  return { ...value, id: key.slice(collection.length + 1), status: status === 'parked' || status === 'replay' ? status : 'dead' }
}

/** The document of a dead letter by its id; `undefined` where it is not one of the projection's. */
export async function findLetter({ state }: Pick<Storage, 'state'>, name: string, id: string): Promise<Document<LetterValue> | undefined> {
  return id.startsWith(`${name}@`) ? state.get<LetterValue>(`${collection}/${id}`) : undefined
}

/** Changes a dead letter that may be handled at the same moment: then the change is made to what has become of it. */
export async function changeLetter(
  { state }: Pick<Storage, 'state'>,
  letter: Document<LetterValue>,
  change: (letter: Document<LetterValue>) => DocumentChange,
): Promise<void> {
  for (let now: Document<LetterValue> | undefined = letter; now !== undefined; now = await state.get<LetterValue>(letter.key)) {
    try {
      return await state.write([change(now)])
    } catch (error) {
      if (!(error instanceof DocumentConflictError)) throw error
    }
  }
}
