import { claim, settleLanes, settleLone } from './broker-claims.ts'
import { plannedOnce } from './schema/plans.ts'

/** One change of the broker's schema; a released one is never changed, another one is put behind it. `s` is the quoted schema. */
export function brokerSteps(s: string): readonly { readonly version: number; readonly name: string; readonly sql: string }[] {
  return [
    {
      version: 1,
      name: 'messages and their lanes',
      sql: [tables(s), groups(s), publish(s), settleLanes(s), settleLone(s), claim(s)].join('\n'),
    },
  ]
}

/**
 * A lane is what is handed out to one consumer at a time: the messages of a key, or one message without a key that has failed before.
 * Consumers lease lanes; the rows of messages are written once and deleted once. So a key whose first message waits for its next attempt is
 * one row that is not due, however many messages wait behind it. A message without a key stands in the queue at first, and those that are
 * taken from there together are one row of claims: most messages never come back, and are not worth a lease of their own. Each group has
 * messages of its own.
 */
function tables(s: string): string {
  const churn = 'autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0'
  return `
create sequence ${s}.message_ids;

create table ${s}.message_groups (
  id integer primary key generated always as identity,
  topic text collate "C" not null,
  -- Empty while nobody has joined: the first group takes its place, and has what was kept for it.
  name text collate "C" not null,
  unique (topic, name)
);

create table ${s}.message_lanes (
  -- The number of the message where it has no key.
  id bigint primary key,
  group_id integer not null,
  -- A hash of the key and the group: should two share one, they wait for each other.
  key bigint,
  -- When it may be handed out, in milliseconds since 1970: in the future while it is leased, delayed or resting.
  visible_at bigint not null,
  -- Who has it: each claim brings a new one.
  token bigint,
  -- Those of the first message.
  failures integer not null default 0,
  deliveries integer not null default 0
) with (${churn});
create unique index message_lanes_key on ${s}.message_lanes (key) where key is not null;
create index message_lanes_due on ${s}.message_lanes (group_id, visible_at, id);

create table ${s}.message_queue (
  group_id integer not null,
  -- When it may be handed out, in milliseconds since 1970.
  visible_at bigint not null,
  id bigint not null,
  primary key (group_id, visible_at, id)
) with (${churn});

create table ${s}.message_claims (
  token bigint primary key,
  group_id integer not null,
  -- In milliseconds since 1970: then they are everybody's again.
  until bigint not null,
  -- Those that are done are still among them, but not those that were given back.
  ids bigint[] not null,
  -- How many are not settled.
  open integer not null
) with (${churn}, fillfactor = 50);
create index message_claims_due on ${s}.message_claims (group_id, until);

create table ${s}.messages (
  -- Its own number where it has no key.
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
  delete from ${s}.messages m using ${s}.message_queue q where q.group_id = v_id and m.lane = q.id;
  delete from ${s}.messages m using ${s}.message_claims c where c.group_id = v_id and m.lane = any(c.ids);
  delete from ${s}.message_queue where group_id = v_id;
  delete from ${s}.message_claims where group_id = v_id;
  delete from ${s}.message_lanes where group_id = v_id;
  return true;
end $$;

-- Removes what nobody has taken for too long, and is not being handled: what is locked here nobody claims meanwhile.
create function ${s}.expire_messages(p_age bigint) returns bigint language plpgsql as $$
declare
  v_now bigint := ${s}.message_time();
  v_ids bigint[];
  v_count bigint; v_more bigint;
begin
  v_ids := array(
    select l.id from ${s}.message_lanes l
     where l.visible_at <= v_now and exists (select from ${s}.messages m where m.lane = l.id and m.published_at < v_now - p_age)
       for no key update skip locked
  );
  delete from ${s}.messages m where m.lane = any(v_ids) and m.published_at < v_now - p_age;
  get diagnostics v_count = row_count;
  -- Whoever publishes into a lane at this moment holds it, and then it is not empty.
  v_ids := array(
    select l.id from ${s}.message_lanes l where l.id = any(v_ids) and not exists (select from ${s}.messages m where m.lane = l.id)
       for update skip locked
  );
  delete from ${s}.message_lanes l where l.id = any(v_ids) and not exists (select from ${s}.messages m where m.lane = l.id);
  with old as materialized (
    select q.ctid from ${s}.message_queue q
     where q.visible_at <= v_now and exists (select from ${s}.messages m where m.lane = q.id and m.published_at < v_now - p_age)
       for update skip locked
  ), gone as (
    delete from ${s}.message_queue q using old where q.ctid = old.ctid returning q.id
  )
  delete from ${s}.messages m using gone where m.lane = gone.id;
  get diagnostics v_more = row_count;
  return v_count + v_more;
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
    insert into ${s}.message_queue (group_id, visible_at, id) select group_id, v_now + delay, id from new where hash is null
  )
  insert into ${s}.messages (lane, id, published_at, meta, body, bytes)
    select coalesce(l.id, n.id), n.id, v_now, n.meta, case when n.bytes is null then coalesce(n.body, '') end, n.bytes
      from new n left join ${s}.message_lanes l on l.key = n.hash;
end $$;
`
}
