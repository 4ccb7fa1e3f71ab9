import type { SQLInputValue } from 'node:sqlite'
import { shown } from '../../kernel/index.ts'
import { StorageError } from '../errors.ts'

const smallest = -(2n ** 63n)
const largest = 2n ** 63n - 1n

/**
 * A value as SQLite takes it: dates as ISO 8601 in UTC, booleans as 0 and 1. Throws `TUTTI_OPTION_INVALID` for what SQLite would store as
 * something else, or not at all.
 */
export function sqliteValue(value: unknown, index: number): SQLInputValue {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      // SQLite would store NaN as null.
      if (!Number.isNaN(value)) return value
      throw refused(index, 'NaN; wanted a number or null')
    case 'bigint':
      if (value >= smallest && value <= largest) return value
      throw refused(index, `${value}; wanted an integer of 64 bits. Store larger ones as text`)
    case 'boolean':
      return value ? 1 : 0
    case 'undefined':
      throw refused(index, 'undefined; wanted a value, or null for none')
    default:
      break
  }
  if (value === null) return null
  if (value instanceof Date) {
    if (!Number.isNaN(value.getTime())) return value.toISOString()
    throw refused(index, 'an invalid date; wanted a valid one')
  }
  if (value instanceof Uint8Array) return value
  throw refused(index, `${shown(value)}; wanted text, a number, bigint, boolean, Date, bytes or null. Store objects with JSON.stringify`)
}

function refused(index: number, received: string): StorageError {
  return new StorageError('TUTTI_OPTION_INVALID', `The value ${index + 1} of an SQL statement is ${received}.`)
}
