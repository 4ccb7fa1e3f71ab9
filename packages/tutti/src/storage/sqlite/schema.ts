/** One version of the schema. */
export interface SchemaVersion {
  readonly version: number
  readonly name: string
  readonly statements: string
}

/** The versions of the schema, oldest first. A version that was published never changes: what is to be otherwise is a new one. */
export const schemaVersions: readonly SchemaVersion[] = [
  {
    version: 1,
    name: 'events, streams, keys and documents',
    statements: `
      create table tutti_head (
        id integer primary key check (id = 1),
        position integer not null
      );
      insert into tutti_head (id, position) values (1, 0);

      create table tutti_events (
        position integer primary key,
        stream text not null,
        stream_version integer not null,
        id text not null,
        type text not null,
        version integer not null,
        data text not null,
        meta text not null,
        time integer not null,
        tenant text
      );
      create unique index tutti_events_stream on tutti_events (stream, stream_version);
      create index tutti_events_tenant on tutti_events (tenant) where tenant is not null;

      create table tutti_streams (
        stream text primary key,
        version integer not null,
        first integer not null default 1,
        archived integer not null default 0,
        tombstoned integer not null default 0
      ) without rowid;
      create index tutti_streams_archived on tutti_streams (stream) where archived = 1;

      create table tutti_append_keys (
        stream text not null,
        key text not null,
        version integer not null,
        position integer not null,
        time integer not null,
        primary key (stream, key)
      ) without rowid;
      create index tutti_append_keys_time on tutti_append_keys (time);

      create table tutti_documents (
        key text primary key not null,
        collection text not null generated always as (substr(key, 1, instr(key, '/') - 1)) virtual,
        value text not null,
        hints text,
        version integer not null,
        status text,
        due integer,
        tenant text,
        owner text,
        lease_until integer,
        epoch integer not null default 0,
        updated_at integer not null
      );
      create index tutti_documents_due on tutti_documents (collection, due, key) where due is not null;
      create index tutti_documents_status on tutti_documents (collection, status, key) where status is not null;
    `,
  },
  {
    version: 2,
    name: 'documents by tenant and status',
    statements: `
      create index tutti_documents_tenant on tutti_documents (collection, tenant, status, key) where tenant is not null and status is not null;
    `,
  },
]

/** The version that this Tutti works with. */
export const currentVersion = schemaVersions.at(-1)?.version ?? 0
