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
  readonly lane: LaneClaim
}

/** What tells a claim of a lane from others. */
export interface LaneClaim {
  readonly lane: string
  readonly token: string
}

/** What becomes of a lane. */
export interface LaneSettlement extends LaneClaim {
  /** The last of its messages that is done; 0 for none. */
  readonly upTo: string
  /** When it may be handed out again, in milliseconds from now; -1 keeps it. */
  readonly after: number
  readonly failed: boolean
}

/** What a claim has found. */
export interface Claimed {
  readonly deliveries: readonly PostgresDelivery[]
  /** Where there is nothing: in how many milliseconds there will be something, if that is known. */
  readonly nextIn: number | undefined
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

  async claim(group: number, limit: number, lease: number): Promise<Claimed> {
    const rows = await this.#ask(`select * from ${this.#schema}.claim_messages($1, $2, $3)`, [group, limit, lease])
    const [first] = rows
    if (first === undefined || first[0] === null) return { deliveries: [], nextIn: numberOf(first?.[9]) }
    const lanes = new Map<string, LaneClaim>()
    const deliveries = rows.map((row) => deliveryOf(row, lanes))
    return { deliveries, nextIn: undefined }
  }

  /** Resolves with whether any of the lanes is due at once. */
  async settle(settlements: readonly LaneSettlement[]): Promise<boolean> {
    const [row] = await this.#ask(`select ${this.#schema}.settle_messages($1, $2, $3, $4, $5)`, [
      settlements.map(({ lane }) => lane),
      settlements.map(({ token }) => token),
      settlements.map(({ upTo }) => upTo),
      settlements.map(({ after }) => Math.ceil(after)),
      settlements.map(({ failed }) => failed),
    ])
    return row?.[0] === 't'
  }

  /** Resolves with the lanes whose lease goes on. */
  async extend(claims: readonly LaneClaim[], lease: number): Promise<ReadonlySet<string>> {
    const rows = await this.#ask(`select ${this.#schema}.extend_lanes($1, $2, $3)`, [
      claims.map(({ lane }) => lane),
      claims.map(({ token }) => token),
      lease,
    ])
    return new Set(rows.map(([lane]) => String(lane)))
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
      `select count(*), min(m.published_at) from ${s}.message_groups g join ${s}.message_lanes l on l.group_id = g.id join ${s}.messages m on m.lane = l.id
        where g.topic = $1 and g.name = $2`,
      [topic, group],
    )
    return { messages: Number(row?.[0]), oldest: numberOf(row?.[1]) }
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

function deliveryOf(row: TextRow, lanes: Map<string, LaneClaim>): PostgresDelivery {
  const [id, token, deliveries, failures, number, publishedAt, meta, body, bytes] = row
  const laneId = String(id)
  let lane = lanes.get(laneId)
  const isFirst = lane === undefined
  if (lane === undefined) lanes.set(laneId, (lane = { lane: laneId, token: String(token) }))
  const [messageId, key, headers] = JSON.parse(String(meta)) as [string, string | null, Record<string, string>]
  return {
    lane,
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
