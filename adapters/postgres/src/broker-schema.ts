import { plannedOnce } from './schema/plans.ts'

/** One change of the broker's schema; a released one is never changed, another one is put behind it. `s` is the quoted schema. */
export function brokerSteps(s: string): readonly { readonly version: number; readonly name: string; readonly sql: string }[] {
  return [{ version: 1, name: 'messages and their lanes', sql: [tables(s), groups(s), publish(s), claim(s), settle(s)].join('\n') }]
}

/**
 * A lane is what is handed out to one consumer at a time: the messages of a key, or one message without a key. Consumers lease lanes; the
 * rows of messages are written once and deleted once. So a key whose first message waits for its next attempt is one row that is not due,
 * however many messages wait behind it. Each group has lanes and messages of its own.
 */
function tables(s: string): string {
  const churn = 'autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0'
  return `
create sequence ${s}.message_ids;
create sequence ${s}.message_tokens;

create table ${s}.message_groups (
  id integer primary key generated always as identity,
  topic text collate "C" not null,
  -- Empty while nobody has joined: the first group takes its place, and has what was kept for it.
  name text collate "C" not null,
  unique (topic, name)
);

create table ${s}.message_lanes (
  -- That of the message where it has no key.
  id bigint primary key,
  group_id integer not null,
  -- A hash of the key and the group: should two share one, they wait for each other.
  key bigint,
  -- When it may be handed out, in milliseconds since 1970: in the future while it is leased, delayed or resting.
  visible_at bigint not null,
  -- Who has it: each claim draws a new one.
  token bigint,
  -- Those of the first message.
  failures integer not null default 0,
  deliveries integer not null default 0
) with (${churn});
create unique index message_lanes_key on ${s}.message_lanes (key) where key is not null;
create index message_lanes_due on ${s}.message_lanes (group_id, visible_at, id);

create table ${s}.messages (
  lane bigint not null,
  id bigint not null,
  published_at bigint not null,
  -- Id, key and headers as JSON.
  meta text not null,
  -- The body is text, or else bytes.
  body text,
  bytes bytea,
  primary key (lane, id)
) with (${churn});

create function ${s}.message_time() returns bigint language sql volatile as $$ select (extract(epoch from clock_timestamp()) * 1000)::bigint $$;
`
}

function groups(s: string): string {
  return `
create function ${s}.join_group(p_topic text, p_name text) returns integer language plpgsql as $$
declare
  v_id integer := (select id from ${s}.message_groups where topic = p_topic and name = p_name);
begin
  if v_id is not null then return v_id; end if;
  -- Waits for those who publish for nobody yet.
  perform pg_advisory_xact_lock(hashtextextended('${s}.' || p_topic, 0));
  update ${s}.message_groups set name = p_name where topic = p_topic and name = '' returning id into v_id;
  if v_id is not null then return v_id; end if;
  insert into ${s}.message_groups (topic, name) values (p_topic, p_name) on conflict do nothing;
  select id into v_id from ${s}.message_groups where topic = p_topic and name = p_name;
  return v_id;
end $$;

create function ${s}.leave_group(p_topic text, p_name text) returns boolean language plpgsql as $$
declare
  v_id integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('${s}.' || p_topic, 0));
  delete from ${s}.message_groups where topic = p_topic and name = p_name returning id into v_id;
  if v_id is null then return false; end if;
  delete from ${s}.messages m using ${s}.message_lanes l where l.group_id = v_id and m.lane = l.id;
  delete from ${s}.message_lanes where group_id = v_id;
  return true;
end $$;

-- Removes what nobody has taken for too long, and is not being handled.
create function ${s}.expire_messages(p_age bigint) returns bigint language plpgsql as $$
declare
  v_now bigint := ${s}.message_time();
  v_count bigint;
begin
  delete from ${s}.messages m using ${s}.message_lanes l where m.published_at < v_now - p_age and l.id = m.lane and l.visible_at <= v_now;
  get diagnostics v_count = row_count;
  with empty as materialized (
    select id from ${s}.message_lanes l where visible_at <= v_now and not exists (select from ${s}.messages m where m.lane = l.id) for update skip locked
  )
  delete from ${s}.message_lanes l using empty e where l.id = e.id and not exists (select from ${s}.messages m where m.lane = l.id);
  return v_count;
end $$;
`
}

/** Texts come joined by U+001F, as for the events: splitting that is several times faster than parsing arrays. */
function publish(s: string): string {
  return `
create function ${s}.publish_messages(
  p_topics text[], p_keyed boolean, m_topic integer[], m_keys text, m_delays bigint[], m_metas text, m_bodies text, m_bytes bytea[]
) returns void language plpgsql ${plannedOnce} as $$
declare
  v_now bigint := ${s}.message_time();
  v_missing text[] := array(select t.name from unnest(p_topics) t(name) where not exists (select from ${s}.message_groups g where g.topic = t.name) order by 1);
  v_groups integer[]; v_hashes bigint[]; v_rows bigint;
begin
  if cardinality(v_missing) > 0 then
    -- A group that joins at this moment waits, and then takes over what is kept here.
    for i in 1 .. cardinality(v_missing) loop perform pg_advisory_xact_lock_shared(hashtextextended('${s}.' || v_missing[i], 0)); end loop;
    insert into ${s}.message_groups (topic, name)
      select t.name, '' from unnest(v_missing) t(name) where not exists (select from ${s}.message_groups g where g.topic = t.name)
      on conflict do nothing;
  end if;

  if p_keyed then
    select array_agg(group_id order by hash), array_agg(hash order by hash) into v_groups, v_hashes from (
      select distinct g.id as group_id, hashtextextended(i.key, g.id) as hash
        from rows from (unnest(m_topic), string_to_table(m_keys, E'\\x1f'), unnest(m_delays)) i(topic, key, delay)
        join ${s}.message_groups g on g.topic = p_topics[i.topic]
       where i.key <> '' and i.delay = 0
    ) n;
    -- A lane that is empty is being removed: then it is made anew. Once they are all locked, none of them can be removed any more.
    loop
      exit when v_groups is null;
      insert into ${s}.message_lanes (id, group_id, key, visible_at)
        select nextval('${s}.message_ids'), n.group_id, n.hash, v_now from (
          select n.group_id, n.hash from unnest(v_groups, v_hashes) n(group_id, hash)
           where not exists (select from ${s}.message_lanes l where l.key = n.hash)
           order by n.hash
        ) n
        on conflict (key) where key is not null do nothing;
      get diagnostics v_rows = row_count;
      -- Nobody else sees those that were made here.
      exit when v_rows = cardinality(v_hashes) or (
        select count(*) from (
          select from unnest(v_hashes) n(hash) join ${s}.message_lanes l on l.key = n.hash order by l.key for key share of l
        ) locked
      ) = cardinality(v_hashes);
    end loop;
  end if;

  with new as materialized (
    select nextval('${s}.message_ids') as id, i.* from (
      select g.id as group_id, case when i.key <> '' and i.delay = 0 then hashtextextended(i.key, g.id) end as hash, i.delay, i.meta, i.body, m_bytes[i.n] as bytes
        from rows from (unnest(m_topic), string_to_table(m_keys, E'\\x1f'), unnest(m_delays), string_to_table(m_metas, E'\\x1f'), string_to_table(m_bodies, E'\\x1f'))
          with ordinality i(topic, key, delay, meta, body, n)
        join ${s}.message_groups g on g.topic = p_topics[i.topic]
       order by i.n, g.id
    ) i
  ), lone as (
    insert into ${s}.message_lanes (id, group_id, visible_at) select id, group_id, v_now + delay from new where hash is null
  )
  insert into ${s}.messages (lane, id, published_at, meta, body, bytes)
    select coalesce(l.id, n.id), n.id, v_now, n.meta, case when n.bytes is null then coalesce(n.body, '') end, n.bytes
      from new n left join ${s}.message_lanes l on l.key = n.hash;
end $$;
`
}

function claim(s: string): string {
  return `
-- Gives the messages of lanes that are due, and leases these; where none is, when the next one will be.
create function ${s}.claim_messages(p_group integer, p_limit integer, p_lease bigint)
returns table (lane bigint, token bigint, deliveries integer, failures integer, id bigint, published_at bigint, meta text, body text, bytes text, next_in bigint)
language plpgsql ${plannedOnce} as $$
#variable_conflict use_column
declare
  v_now bigint := ${s}.message_time();
  v_token bigint;
  v_lanes bigint[];
begin
  with due as materialized (
    select l.id from ${s}.message_lanes l where l.group_id = p_group and l.visible_at <= v_now
     order by l.visible_at, l.id limit p_limit for no key update skip locked
  ), taken as (
    update ${s}.message_lanes l set visible_at = v_now + p_lease, token = t.next, deliveries = l.deliveries + 1
      from due, (select nextval('${s}.message_tokens') as next offset 0) t where l.id = due.id returning l.id
  )
  select array_agg(taken.id) into v_lanes from taken;
  if v_lanes is null then
    return query select null::bigint, null::bigint, null::integer, null::integer, null::bigint, null::bigint, null::text, null::text, null::text,
      (select min(l.visible_at) - v_now from ${s}.message_lanes l where l.group_id = p_group and l.visible_at > v_now);
    return;
  end if;
  -- Another statement, so that what was handled before the lanes were locked is not seen any more.
  return query
    select l.id, l.token, l.deliveries, l.failures, m.id, m.published_at, m.meta, m.body, encode(m.bytes, 'base64'), null::bigint
      from unnest(v_lanes) n(id) join ${s}.message_lanes l on l.id = n.id
      cross join lateral (
        select m.id, m.published_at, m.meta, m.body, m.bytes from ${s}.messages m where m.lane = l.id
         order by m.id limit greatest(1, p_limit / cardinality(v_lanes))
      ) m
     order by m.id;
end $$;
`
}

function settle(s: string): string {
  return `
-- Removes the messages of lanes up to one of them, and gives the lanes back to be handed out after a while, or keeps them (-1). Tells
-- whether any is to be handed out at once.
create function ${s}.settle_messages(p_lanes bigint[], p_tokens bigint[], p_upto bigint[], p_after bigint[], p_failed boolean[])
returns boolean language plpgsql ${plannedOnce} as $$
declare
  v_now bigint := ${s}.message_time();
  o_lane bigint[]; o_upto bigint[]; o_after bigint[]; o_failed boolean[]; o_keyed boolean[]; v_empty bigint[];
begin
  -- Those that are still the caller's, locked in the order of all writers.
  select array_agg(o.id), array_agg(o.upto), array_agg(o.after), array_agg(o.failed), array_agg(o.keyed) into o_lane, o_upto, o_after, o_failed, o_keyed from (
    select l.id, n.upto, n.after, n.failed, l.key is not null as keyed
      from unnest(p_lanes, p_tokens, p_upto, p_after, p_failed) n(lane, token, upto, after, failed)
      join ${s}.message_lanes l on l.id = n.lane and l.token = n.token
     order by l.key, l.id for no key update of l
  ) o;
  if o_lane is null then return false; end if;
  delete from ${s}.messages m using unnest(o_lane, o_upto) o(lane, upto) where m.lane = o.lane and m.id <= o.upto;
  delete from ${s}.message_lanes l using unnest(o_lane, o_upto, o_keyed) o(lane, upto, keyed) where l.id = o.lane and not o.keyed and o.upto > 0;
  v_empty := array(
    select o.lane from unnest(o_lane, o_after, o_keyed) o(lane, after, keyed)
     where o.keyed and o.after >= 0 and not exists (select from ${s}.messages m where m.lane = o.lane)
  );
  if cardinality(v_empty) > 0 then
    -- Waits for those who publish into them, and looks again.
    perform from ${s}.message_lanes l where l.id = any(v_empty) order by l.key for update;
    delete from ${s}.message_lanes l where l.id = any(v_empty) and not exists (select from ${s}.messages m where m.lane = l.id);
  end if;
  update ${s}.message_lanes l
     set visible_at = v_now + o.after, token = null, deliveries = 0,
         failures = case when o.upto > 0 then 0 else l.failures end + o.failed::integer
    from unnest(o_lane, o_upto, o_after, o_failed, o_keyed) o(lane, upto, after, failed, keyed)
   where l.id = o.lane and o.after >= 0 and (o.keyed or o.upto = 0);
  return exists (
    select from unnest(o_lane, o_upto, o_after, o_keyed) o(lane, upto, after, keyed) join ${s}.message_lanes l on l.id = o.lane
     where o.after = 0 and (o.keyed or o.upto = 0)
  );
end $$;

-- Prolongs leases; gives the lanes that are still the caller's.
create function ${s}.extend_lanes(p_lanes bigint[], p_tokens bigint[], p_lease bigint) returns setof bigint language plpgsql ${plannedOnce} as $$
declare
  v_now bigint := ${s}.message_time();
  o_lane bigint[];
begin
  select array_agg(o.id) into o_lane from (
    select l.id from unnest(p_lanes, p_tokens) n(lane, token) join ${s}.message_lanes l on l.id = n.lane and l.token = n.token
     order by l.key, l.id for no key update of l
  ) o;
  return query update ${s}.message_lanes l set visible_at = v_now + p_lease where l.id = any(o_lane) returning l.id;
end $$;
`
}
