import type { ClaimPlace, Claimed } from './broker-statements.ts'

/** How long it takes at most until others see what was published or given back; and how often a group is looked through as a whole. */
const late = 2000

const beginning: ClaimPlace = { lanes: 0, queue: 0 }

/**
 * From where on a consumer looks for messages that are due. What was taken long ago stays in the server's indexes while any transaction of
 * the database is older, and looking through it again and again would take longer and longer.
 */
export class Place {
  #from = beginning
  #upTo = beginning
  #since = performance.now()

  get from(): ClaimPlace {
    // There may be what was late, or came back from processes that are gone.
    if (performance.now() - this.#since >= late) {
      this.#from = beginning
      this.#since = performance.now()
    }
    return this.#from
  }

  /** What was due up to there is taken; where there was less than was asked for, what is late is looked for the next time. */
  note(upTo: Claimed['upTo'], isFull: boolean): void {
    const { lanes = this.#upTo.lanes, queue = this.#upTo.queue } = upTo
    this.#upTo = { lanes, queue }
    this.#from = isFull ? this.#upTo : { lanes: Math.max(0, lanes - late), queue: Math.max(0, queue - late) }
  }
}
