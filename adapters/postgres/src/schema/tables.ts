/** The tables of version 1. `s` is the quoted schema, `size` how many positions a partition of the events holds. */
export function tables(s: string, size: number): string {
  return `
create table ${s}.settings (
  partition_size bigint not null
);
insert into ${s}.settings values (${size});

-- last_value must be exact: it is called once, so that positions begin with 1.
create sequence ${s}.positions minvalue 0 start with 0 cache 1;
select nextval('${s}.positions');
create sequence ${s}.stream_ids;

create table ${s}.streams (
  name text collate "C" primary key,
  id bigint not null,
  version bigint not null,
  first bigint not null default 1,
  -- No event of the stream lies at or below this position: older partitions need not be looked at.
  after_position bigint not null,
  archived boolean not null default false,
  tombstoned boolean not null default false
) with (fillfactor = 80);
create index streams_archived on ${s}.streams (id) where archived;

create table ${s}.events (
  position bigint not null,
  stream_id bigint not null,
  stream_version bigint not null,
  -- Milliseconds since 1970.
  time bigint not null,
  version integer not null,
  stream text collate "C" not null,
  type text collate "C" not null,
  id text not null,
  tenant text,
  data json not null,
  meta json not null
) partition by range (position);

create table ${s}.append_keys (
  stream_id bigint not null,
  key text collate "C" not null,
  version bigint not null,
  position bigint not null,
  time bigint not null,
  primary key (stream_id, key)
);
create index append_keys_time on ${s}.append_keys (time);

create table ${s}.documents (
  key text collate "C" primary key,
  collection text collate "C" generated always as (split_part(key, '/', 1)) stored,
  version bigint not null,
  epoch bigint not null default 0,
  due bigint,
  lease_until bigint,
  updated_at bigint not null,
  owner text,
  status text,
  tenant text,
  hints text,
  value json not null
) with (fillfactor = 80);
create index documents_due on ${s}.documents (collection, due, key) where due is not null;
`
}

/** Finds documents by status, and by tenant and status, in the order of their keys. */
export function documentIndexes(s: string): string {
  return `
create index documents_status on ${s}.documents (collection, status, key) where status is not null;
create index documents_tenant on ${s}.documents (collection, tenant, status, key) where tenant is not null and status is not null;
`
}

/**
 * Partitions are made beside the table and attached afterwards: attaching blocks no writer, while \`create table … partition of\` would wait
 * for all of them and stop those behind.
 */
export function partitions(s: string): string {
  return `
create function ${s}.create_partition(p_number bigint) returns boolean language plpgsql as $$
declare
  v_size bigint := (select partition_size from ${s}.settings);
  v_name text := format('events_%s', p_number);
begin
  if to_regclass(format('%s.%I', '${s}', v_name)) is not null then return false; end if;
  execute format('create table ${s}.%I (like ${s}.events including defaults including storage, primary key (position), unique (stream_id, stream_version),
    constraint %I check (position >= %s and position < %s))', v_name, v_name || '_range', p_number * v_size, (p_number + 1) * v_size);
  execute format('alter table ${s}.events attach partition ${s}.%I for values from (%s) to (%s)', v_name, p_number * v_size, (p_number + 1) * v_size);
  return true;
end $$;

-- Makes the partitions of the next p_room positions and two more. Resolves with the position behind the last one.
create function ${s}.ensure_partitions(p_room bigint) returns bigint language plpgsql as $$
declare
  v_size bigint := (select partition_size from ${s}.settings);
  v_last bigint := (select last_value from ${s}.positions);
  v_end bigint := (v_last + p_room) / v_size + 2;
begin
  for i in v_last / v_size .. v_end loop
    if to_regclass(format('%s.%I', '${s}', format('events_%s', i))) is null then
      -- Only one process makes partitions; whoever waited finds them made.
      perform pg_advisory_xact_lock(hashtextextended('${s}.partitions', 0));
      perform ${s}.create_partition(i);
    end if;
  end loop;
  return (v_end + 1) * v_size;
end $$;

-- Drops the partitions that lie below a position as a whole, and what streams and keys know of their events.
create function ${s}.drop_partitions(p_below bigint) returns integer language plpgsql as $$
declare
  v_size bigint := (select partition_size from ${s}.settings);
  v_count integer := 0;
  r record;
begin
  for r in
    select c.relname as name, substr(c.relname, 8)::bigint as number
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = '${s}.events'::regclass and (substr(c.relname, 8)::bigint + 1) * v_size <= p_below
     order by 2
  loop
    execute format('update ${s}.streams s set first = greatest(s.first, e.last + 1)
      from (select stream as name, max(stream_version) as last from ${s}.%I group by stream) e where s.name = e.name', r.name);
    execute format('drop table ${s}.%I', r.name);
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;
`
}
