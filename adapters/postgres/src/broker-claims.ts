import { plannedOnce } from './schema/plans.ts'

/** Without statistics the server expects few rows, and would rather sort all that wait than read the first of them from the index. */
const inOrder = `${plannedOnce} set enable_bitmapscan = off set enable_sort = off`

/** How messages are taken. What is handed out in one claim carries the claim's token, which the caller has chosen. */
export function claim(s: string): string {
  return `
-- Leases the lanes that are due, as far as there is room, and gives those of their messages that are to be handed out.
create function ${s}.claim_lanes(
  p_group integer, p_token bigint, p_lease bigint, p_limit integer, p_from bigint, out o_lanes bigint[], out o_ids bigint[], out o_upto bigint
) language plpgsql ${inOrder} as $$
declare
  v_now bigint := ${s}.message_time();
begin
  with due as materialized (
    select l.id, l.visible_at from ${s}.message_lanes l where l.group_id = p_group and l.visible_at between p_from and v_now
     order by l.visible_at, l.id limit p_limit for no key update skip locked
  ), taken as (
    update ${s}.message_lanes l set visible_at = v_now + p_lease, token = p_token, deliveries = l.deliveries + 1
      from due where l.id = due.id returning l.id, due.visible_at
  )
  select array_agg(taken.id), max(taken.visible_at) into o_lanes, o_upto from taken;
  if o_lanes is null then return; end if;
  -- Another statement, so that what was handled before the lanes were locked is not seen any more.
  select array_agg(n.lane order by m.id), array_agg(m.id order by m.id) into o_lanes, o_ids
    from unnest(o_lanes) n(lane) cross join lateral (
      select m.id from ${s}.messages m where m.lane = n.lane order by m.id limit greatest(1, p_limit / cardinality(o_lanes))
    ) m;
end $$;

-- Takes messages out of the queue, as far as there is room.
create function ${s}.claim_lone(
  p_group integer, p_token bigint, p_lease bigint, p_limit integer, p_from bigint, out o_ids bigint[], out o_upto bigint
) language plpgsql ${inOrder} as $$
declare
  v_now bigint := ${s}.message_time();
begin
  with due as materialized (
    select q.ctid from ${s}.message_queue q where q.group_id = p_group and q.visible_at between p_from and v_now
     order by q.visible_at, q.id limit p_limit for update skip locked
  ), taken as (
    delete from ${s}.message_queue q using due where q.ctid = due.ctid returning q.id, q.visible_at
  )
  select array_agg(taken.id order by taken.id), max(taken.visible_at) into o_ids, o_upto from taken;
  if o_ids is not null then
    insert into ${s}.message_claims (token, group_id, until, ids, open) values (p_token, p_group, v_now + p_lease, o_ids, cardinality(o_ids));
  end if;
end $$;

-- Gives messages that are due, for as long as the lease; where none is, when the next one will be. Lane is null for those of the queue.
-- Looks for what is due since the times given, and tells up to which times it has taken all: what was taken is passed over in the indexes
-- otherwise, again and again, until the server has removed it, for which it waits for the oldest transaction of the database.
create function ${s}.claim_messages(
  p_group integer, p_token bigint, p_lease bigint, p_limit integer, p_lanes_from bigint, p_queue_from bigint
)
returns table (
  lane bigint, deliveries integer, failures integer, id bigint, published_at bigint, meta text, body text, bytes text,
  next_in bigint, lanes_upto bigint, queue_upto bigint
)
language plpgsql ${inOrder} as $$
#variable_conflict use_column
declare
  v_now bigint := ${s}.message_time();
  v_lanes bigint[]; v_ids bigint[]; v_lone bigint[]; v_lanes_upto bigint; v_queue_upto bigint;
begin
  -- What those had who are gone is handed out like what has failed: each for itself, and counted.
  if exists (select from ${s}.message_claims c where c.group_id = p_group and c.until <= v_now) then
    with over as materialized (
      select c.token from ${s}.message_claims c where c.group_id = p_group and c.until <= v_now for update skip locked
    ), gone as (
      delete from ${s}.message_claims c using over where c.token = over.token returning c.ids
    )
    insert into ${s}.message_lanes (id, group_id, visible_at, deliveries)
      select m.id, p_group, v_now, 1 from gone cross join lateral unnest(gone.ids) i(id) join ${s}.messages m on m.lane = i.id and m.id = i.id;
  end if;
  -- Those that wait longer come first.
  if (select min(q.visible_at) from ${s}.message_queue q where q.group_id = p_group and q.visible_at >= p_queue_from)
     <= coalesce((select min(l.visible_at) from ${s}.message_lanes l where l.group_id = p_group and l.visible_at >= p_lanes_from), v_now) then
    select c.o_ids, c.o_upto into v_lone, v_queue_upto from ${s}.claim_lone(p_group, p_token, p_lease, p_limit, p_queue_from) c;
  end if;
  if coalesce(cardinality(v_lone), 0) < p_limit then
    select c.o_lanes, c.o_ids, c.o_upto into v_lanes, v_ids, v_lanes_upto
      from ${s}.claim_lanes(p_group, p_token, p_lease, p_limit - coalesce(cardinality(v_lone), 0), p_lanes_from) c;
  end if;
  if v_lone is null and coalesce(cardinality(v_ids), 0) < p_limit then
    select c.o_ids, c.o_upto into v_lone, v_queue_upto
      from ${s}.claim_lone(p_group, p_token, p_lease, p_limit - coalesce(cardinality(v_ids), 0), p_queue_from) c;
  end if;
  if v_ids is null and v_lone is null then
    return query select null::bigint, null::integer, null::integer, null::bigint, null::bigint, null::text, null::text, null::text, least(
      (select min(l.visible_at) from ${s}.message_lanes l where l.group_id = p_group and l.visible_at > v_now),
      (select min(q.visible_at) from ${s}.message_queue q where q.group_id = p_group and q.visible_at > v_now),
      (select min(c.until) from ${s}.message_claims c where c.group_id = p_group)
    ) - v_now, null::bigint, null::bigint;
    return;
  end if;
  return query
    select n.lane, l.deliveries, l.failures, m.id, m.published_at, m.meta, m.body, encode(m.bytes, 'base64'), null::bigint, v_lanes_upto, v_queue_upto
      from unnest(v_lanes, v_ids) n(lane, id) join ${s}.message_lanes l on l.id = n.lane join ${s}.messages m on m.lane = n.lane and m.id = n.id
    union all
    select null, 1, 0, m.id, m.published_at, m.meta, m.body, encode(m.bytes, 'base64'), null::bigint, v_lanes_upto, v_queue_upto
      from unnest(v_lone) n(id) join ${s}.messages m on m.lane = n.id and m.id = n.id;
end $$;

-- Undoes a claim whose answer got lost.
create function ${s}.unclaim_messages(p_group integer, p_token bigint) returns void language plpgsql ${inOrder} as $$
declare
  v_now bigint := ${s}.message_time();
begin
  update ${s}.message_lanes l set visible_at = v_now, token = null, deliveries = l.deliveries - 1
   where l.group_id = p_group and l.visible_at > v_now and l.token = p_token;
  with gone as (
    delete from ${s}.message_claims c where c.token = p_token returning c.ids
  )
  insert into ${s}.message_queue (group_id, visible_at, id) select p_group, v_now, i.id from gone cross join lateral unnest(gone.ids) i(id);
end $$;
`
}

/** What becomes of messages that were taken from the queue. */
export function settleLone(s: string): string {
  return `
-- Removes messages that are done (-1), and gives others back to be handed out after a while. Tells whether any is to be handed out at once.
create function ${s}.settle_lone(p_tokens bigint[], p_ids bigint[], p_after bigint[], p_failed boolean[])
returns boolean language plpgsql ${plannedOnce} as $$
declare
  v_now bigint := ${s}.message_time();
  o_tokens bigint[]; b_tokens bigint[]; b_ids bigint[];
begin
  -- Those that are still the caller's.
  o_tokens := array(select c.token from ${s}.message_claims c where c.token = any(p_tokens) order by c.token for no key update);
  with gone as (
    delete from ${s}.messages m using unnest(p_tokens, p_ids, p_after) i(token, id, after)
     where i.after < 0 and i.token = any(o_tokens) and m.lane = i.id and m.id = i.id returning i.token
  )
  update ${s}.message_claims c set open = c.open - n.count from (select token, count(*) from gone group by token) n where c.token = n.token;
  if 0 <= any(p_after) then
    -- What was given back already, by a settlement whose answer got lost, is not among a claim's any more.
    with back as materialized (
      select c.group_id, i.* from unnest(p_tokens, p_ids, p_after, p_failed) i(token, id, after, failed)
        join ${s}.message_claims c on c.token = i.token and i.id = any(c.ids)
       where i.after >= 0 and i.token = any(o_tokens)
    ), failed as (
      insert into ${s}.message_lanes (id, group_id, visible_at, failures) select id, group_id, v_now + after, 1 from back where failed
    ), others as (
      insert into ${s}.message_queue (group_id, visible_at, id) select group_id, v_now + after, id from back where not failed
    )
    select array_agg(token), array_agg(id) into b_tokens, b_ids from back;
    update ${s}.message_claims c set ids = array(select unnest(c.ids) except all select unnest(b_ids)), open = c.open - n.count
      from (select token, count(*) from unnest(b_tokens) b(token) group by token) n where c.token = n.token;
  end if;
  delete from ${s}.message_claims c where c.token = any(o_tokens) and c.open <= 0;
  return coalesce(0 = any(p_after), false);
end $$;

-- Prolongs claims; gives those that are still the caller's.
create function ${s}.extend_claims(p_tokens bigint[], p_lease bigint) returns setof bigint language plpgsql ${plannedOnce} as $$
declare
  o_tokens bigint[] := array(select c.token from ${s}.message_claims c where c.token = any(p_tokens) order by c.token for no key update);
begin
  return query update ${s}.message_claims c set until = ${s}.message_time() + p_lease where c.token = any(o_tokens) returning c.token;
end $$;
`
}

/** What becomes of lanes. */
export function settleLanes(s: string): string {
  return `
-- Removes the messages of lanes up to one of them, and gives the lanes back to be handed out after a while, or keeps them (-1). Tells
-- whether any is to be handed out at once.
create function ${s}.settle_lanes(p_lanes bigint[], p_tokens bigint[], p_upto bigint[], p_after bigint[], p_failed boolean[])
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
