/** How many connections there are. */
export interface PoolCounts {
  readonly total: number
  readonly idle: number
  /** Callers that wait for one. */
  readonly waiting: number
}
