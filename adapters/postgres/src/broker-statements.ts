import type { BrokerLag, Delivery, OutgoingMessage } from 'tutti/messaging'
import type { Ask } from './reads.ts'
import type { TextRow } from './rows.ts'

/** Messages of one topic that are published together. */
export interface Publication {
  readonly topic: string
  readonly messages: readonly OutgoingMessage[]
}

/** A message as it was claimed. */
export interface PostgresDelivery extends Delivery {
  /** Its number, which grows in the order of its key. */
  readonly number: string
  /** The lane that was leased for it; `undefined` where it came straight from the queue. */
  readonly lane: string | undefined
  /** Tells the claim from others. */
  readonly token: string
}

/** What tells a claim of a lane from others. */
export interface LaneClaim {
  readonly lane: string
  readonly token: string
}

/** What is asked for in one claim. */
export interface ClaimRequest {
  readonly group: number
  readonly token: string
  /** In milliseconds. */
  readonly lease: number
  readonly limit: number
  readonly from: ClaimPlace
}

/** Up to where a group was looked through, in the server's milliseconds since 1970: its lanes, and its queue. */
export interface ClaimPlace {
  readonly lanes: number
  readonly queue: number
}

/** What becomes of a lane. */
export interface LaneSettlement extends LaneClaim {
  /** The last of its messages that is done; 0 for none. */
  readonly upTo: string
  /** When it may be handed out again, in milliseconds from now; -1 keeps it. */
  readonly after: number
  readonly failed: boolean
}

/** What becomes of a message that came straight from the queue. */
export interface LoneSettlement {
  readonly token: string
  readonly number: string
  /** When it may be handed out again, in milliseconds from now; -1 removes it. */
  readonly after: number
  readonly failed: boolean
}

/** What is settled together. */
export interface Changes {
  readonly lanes: readonly LaneSettlement[]
  readonly lone: readonly LoneSettlement[]
}

/** What a claim has found. */
export interface Claimed {
  readonly deliveries: readonly PostgresDelivery[]
  /** Where there is nothing: in how many milliseconds there will be something, if that is known. */
  readonly nextIn: number | undefined
  /** Up to where all is taken that there was. */
  readonly upTo: { readonly lanes: number | undefined; readonly queue: number | undefined }
}

/** The broker's statements. `schema` is quoted. */
export class BrokerStatements {
  readonly #schema: string
  readonly #ask: Ask

  constructor(schema: string, ask: Ask) {
    this.#schema = schema
    this.#ask = ask
  }

  async publish(publications: readonly Publication[]): Promise<void> {
    const topics = [...new Set(publications.map(({ topic }) => topic))]
    const places: number[] = []
    const keys: string[] = []
    const delays: number[] = []
    const metas: string[] = []
    const bodies: string[] = []
    const bytes: (Buffer | null)[] = []
    let keyed = false
    let binary = false
    for (const { topic, messages } of publications) {
      const place = topics.indexOf(topic) + 1
      for (const { id, key, headers, body, delay } of messages) {
        places.push(place)
        keys.push(key === undefined ? '' : laneName(key))
        delays.push(Math.ceil(delay))
        metas.push(JSON.stringify([id, key ?? null, headers]))
        const isText = typeof body === 'string' && isStorable(body)
        bodies.push(isText ? body : '')
        bytes.push(isText ? null : Buffer.from(body))
        keyed ||= key !== undefined && delay === 0
        binary ||= !isText
      }
    }
    if (places.length === 0) return
    await this.#ask(`select ${this.#schema}.publish_messages($1, $2, $3, $4, $5, $6, $7, $8)`, [
      topics,
      keyed,
      places,
      keys.join(separator),
      delays,
      metas.join(separator),
      bodies.join(separator),
      binary ? bytes : null,
    ])
  }

  async claim({ group, token, lease, limit, from }: ClaimRequest): Promise<Claimed> {
    const statement = `select * from ${this.#schema}.claim_messages($1, $2, $3, $4, $5, $6)`
    const rows = await this.#ask(statement, [group, token, lease, limit, from.lanes, from.queue])
    const [first] = rows
    if (first === undefined || first[3] === null)
      return { deliveries: [], nextIn: numberOf(first?.[8]), upTo: { lanes: undefined, queue: undefined } }
    const lanes = new Set<string>()
    const deliveries = rows.map((row) => deliveryOf(row, token, lanes))
    return { deliveries, nextIn: undefined, upTo: { lanes: numberOf(first[9]), queue: numberOf(first[10]) } }
  }

  /** Undoes a claim of which it is not known whether it took place. */
  async unclaim(group: number, token: string): Promise<void> {
    await this.#ask(`select ${this.#schema}.unclaim_messages($1, $2)`, [group, token])
  }

  /** Resolves with whether any of the messages is due at once. */
  async settle({ lanes, lone }: Changes): Promise<boolean> {
    const due = await Promise.all([lanes.length > 0 && this.#settleLanes(lanes), lone.length > 0 && this.#settleLone(lone)])
    return due.includes(true)
  }

  /** Resolves with the lanes whose lease goes on. */
  async extendLanes(claims: readonly LaneClaim[], lease: number): Promise<ReadonlySet<string>> {
    if (claims.length === 0) return new Set()
    const rows = await this.#ask(`select ${this.#schema}.extend_lanes($1, $2, $3)`, [
      arrayOf(claims.map(({ lane }) => lane)),
      arrayOf(claims.map(({ token }) => token)),
      lease,
    ])
    return new Set(rows.map(([lane]) => String(lane)))
  }

  /** Resolves with the tokens whose lease goes on, of claims from the queue. */
  async extendClaims(tokens: readonly string[], lease: number): Promise<ReadonlySet<string>> {
    if (tokens.length === 0) return new Set()
    const rows = await this.#ask(`select ${this.#schema}.extend_claims($1, $2)`, [arrayOf(tokens), lease])
    return new Set(rows.map(([token]) => String(token)))
  }

  async join(topic: string, group: string): Promise<number> {
    const [row] = await this.#ask(`select ${this.#schema}.join_group($1, $2)`, [topic, group])
    return Number(row?.[0])
  }

  async leave(topic: string, group: string): Promise<boolean> {
    const [row] = await this.#ask(`select ${this.#schema}.leave_group($1, $2)`, [topic, group])
    return row?.[0] === 't'
  }

  async expire(age: number): Promise<number> {
    const [row] = await this.#ask(`select ${this.#schema}.expire_messages($1)`, [age])
    return Number(row?.[0])
  }

  async lag(topic: string, group: string): Promise<BrokerLag> {
    const s = this.#schema
    const [row] = await this.#ask(
      `select count(*), min(published_at) from (
         select m.published_at from ${s}.message_groups g join ${s}.message_lanes l on l.group_id = g.id join ${s}.messages m on m.lane = l.id
          where g.topic = $1 and g.name = $2
         union all
         select m.published_at from ${s}.message_groups g join ${s}.message_queue q on q.group_id = g.id join ${s}.messages m on m.lane = q.id
          where g.topic = $1 and g.name = $2
         union all
         select m.published_at from ${s}.message_groups g join ${s}.message_claims c on c.group_id = g.id
          cross join unnest(c.ids) i(id) join ${s}.messages m on m.lane = i.id
          where g.topic = $1 and g.name = $2
       ) m`,
      [topic, group],
    )
    return { messages: Number(row?.[0]), oldest: numberOf(row?.[1]) }
  }

  async #settleLanes(lanes: readonly LaneSettlement[]): Promise<boolean> {
    const [row] = await this.#ask(`select ${this.#schema}.settle_lanes($1, $2, $3, $4, $5)`, [
      arrayOf(lanes.map(({ lane }) => lane)),
      arrayOf(lanes.map(({ token }) => token)),
      arrayOf(lanes.map(({ upTo }) => upTo)),
      arrayOf(lanes.map(({ after }) => Math.ceil(after))),
      arrayOf(lanes.map(({ failed }) => failed)),
    ])
    return row?.[0] === 't'
  }

  async #settleLone(lone: readonly LoneSettlement[]): Promise<boolean> {
    const [row] = await this.#ask(`select ${this.#schema}.settle_lone($1, $2, $3, $4)`, [
      arrayOf(lone.map(({ token }) => token)),
      arrayOf(lone.map(({ number }) => number)),
      arrayOf(lone.map(({ after }) => Math.ceil(after))),
      arrayOf(lone.map(({ failed }) => failed)),
    ])
    return row?.[0] === 't'
  }
}

const separator = '\u001f'
/** What separates texts on their way, and what a text column does not take. */
const unstorable = [separator, '\u0000'] as const

function isStorable(text: string): boolean {
  return !unstorable.some((character) => text.includes(character))
}

/** A key as it is hashed. Keys that differ in nothing but such characters take turns as if they were one, which does no harm. */
function laneName(key: string): string {
  return isStorable(key) ? key : unstorable.reduce((name, character) => name.replaceAll(character, '\u0001'), key)
}

/** An array as the server reads it: these values need no quotes, which the library would put around each. */
function arrayOf(values: readonly (string | number | boolean)[]): string {
  return `{${values.join(',')}}`
}

/** `lanes` takes up those whose first message has come. */
function deliveryOf(row: TextRow, token: string, lanes: Set<string>): PostgresDelivery {
  const [lane, deliveries, failures, number, publishedAt, meta, body, bytes] = row
  const isFirst = lane === null || lane === undefined || !lanes.has(lane)
  if (lane !== null && lane !== undefined) lanes.add(lane)
  const [messageId, key, headers] = JSON.parse(String(meta)) as [string, string | null, Record<string, string>]
  return {
    lane: lane ?? undefined,
    token,
    number: String(number),
    id: messageId,
    key: key ?? undefined,
    headers,
    body: bytes === null || bytes === undefined ? (body ?? '') : new Uint8Array(Buffer.from(bytes, 'base64')),
    publishedAt: numberOf(publishedAt),
    // What comes behind the first message is handed out anew whenever that one is.
    deliveries: isFirst ? Number(deliveries) : 1,
    failures: isFirst ? Number(failures) : 0,
  }
}

function numberOf(value: string | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}
