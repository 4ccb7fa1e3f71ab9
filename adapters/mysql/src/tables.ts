import { identifier } from './literals.ts'

/** The quoted names of Tutti's own tables, with their database, so that they are found whatever database a session uses. */
export interface Tables {
  readonly counter: string
  readonly floors: string
  readonly streams: string
  readonly events: string
  readonly keys: string
  readonly documents: string
  readonly migrations: string
}

/** Names the tables of a database. */
export function tablesOf(database: string, prefix: string): Tables {
  const table = (name: string): string => `${identifier(database)}.${identifier(prefix + name)}`
  return {
    counter: table('counter'),
    floors: table('floors'),
    streams: table('streams'),
    events: table('events'),
    keys: table('append_keys'),
    documents: table('documents'),
    migrations: table('migrations'),
  }
}
