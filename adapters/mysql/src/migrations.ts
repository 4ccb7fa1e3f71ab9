import { literal } from './literals.ts'
import type { Tables } from './tables.ts'

/** One version of the schema. */
export interface Migration {
  readonly version: number
  readonly name: string
  /** Each can be run again where an earlier try broke off: the server commits after every one of them. */
  statements(tables: Tables, collation: string): readonly string[]
}

/** The schema, version by version. `collation` compares characters exactly, trailing spaces included. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'events, streams, append keys and documents',
    statements(t, collation) {
      const options = `engine = InnoDB row_format = dynamic default character set utf8mb4 collate ${collation}`
      return [
        // The last position given out. Whoever commits a group holds its row until the commit.
        `create table if not exists ${t.counter} (id tinyint not null primary key, last bigint not null) ${options}`,
        `insert ignore into ${t.counter} (id, last) values (1, 0)`,
        // Below which position nothing of an open transaction lies; its row goes with the commit.
        `create table if not exists ${t.floors} (id char(36) not null primary key, floor bigint not null) ${options}`,
        `create table if not exists ${t.streams} (
          name varchar(250) not null primary key,
          version bigint not null,
          first bigint not null default 1,
          archived tinyint not null default 0,
          tombstoned tinyint not null default 0,
          key streams_archived (archived)
        ) ${options}`,
        `create table if not exists ${t.events} (
          position bigint not null primary key,
          stream varchar(250) not null,
          stream_version bigint not null,
          time bigint not null comment 'milliseconds since 1970',
          version int not null,
          type varchar(250) not null,
          id char(36) not null,
          tenant varchar(250),
          data longtext not null,
          meta longtext not null,
          unique key events_stream (stream, stream_version)
        ) ${options}`,
        `create table if not exists ${t.keys} (
          stream varchar(250) not null,
          append_key varchar(250) not null,
          version bigint not null,
          position bigint not null,
          time bigint not null,
          primary key (stream, append_key),
          key append_keys_time (time)
        ) ${options}`,
        `create table if not exists ${t.documents} (
          doc_key varchar(500) not null primary key,
          collection varchar(500) not null,
          version bigint not null,
          epoch bigint not null default 0,
          due bigint,
          lease_until bigint,
          updated_at bigint not null,
          owner varchar(250),
          status varchar(250),
          tenant varchar(250),
          hints longtext,
          value longtext not null,
          key documents_due (collection, due)
        ) ${options}`,
      ]
    },
  },
  {
    version: 2,
    name: 'documents by status and tenant',
    statements: (t) => [
      // The server adds the primary key to each index: so the documents are in the order of their keys there.
      ...indexed(t.documents, 'documents_status', 'collection, status'),
      ...indexed(t.documents, 'documents_tenant', 'collection, tenant'),
    ],
  },
]

/** Adds an index that may be there already. */
function indexed(table: string, name: string, columns: string): readonly string[] {
  const quoted = (column: string): string => `concat('\`', replace(${column}, '\`', '\`\`'), '\`')`
  const there = `select 1 from information_schema.statistics where concat(${quoted('table_schema')}, '.', ${quoted('table_name')}) = ${literal(table)} and index_name = ${literal(name)}`
  return [
    `set @tutti_index = if(exists(${there}), 'do 0', ${literal(`create index ${name} on ${table} (${columns})`)})`,
    'prepare tutti_index from @tutti_index',
    'execute tutti_index',
    'deallocate prepare tutti_index',
  ]
}
