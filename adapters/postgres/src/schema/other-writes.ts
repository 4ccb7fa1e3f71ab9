import { plannedOnce } from './plans.ts'

/** Writes that are rarer than appends and puts: each is a statement of its own. */
export function otherWrites(s: string): string {
  return `
create function ${s}.document_json(d ${s}.documents) returns json language sql immutable as $$
  select json_build_array(d.key, d.version, d.epoch, d.due, d.lease_until, d.updated_at, d.owner, d.status, d.tenant, d.hints, d.value::text)
$$;

create function ${s}.claim(p_collection text, p_status text, p_owner text, p_now bigint, p_until bigint, p_limit integer) returns json language plpgsql ${plannedOnce} as $$
declare
  v_result json;
begin
  with due as materialized (
    select d.key from ${s}.documents d
     where d.collection = p_collection and d.due <= p_now and (d.lease_until is null or d.lease_until <= p_now) and (p_status is null or d.status = p_status)
     order by d.due, d.key limit p_limit for update skip locked
  ), claimed as (
    update ${s}.documents d set owner = p_owner, lease_until = p_until, epoch = d.epoch + 1 from due where d.key = due.key returning d as doc, d.due, d.key
  )
  select coalesce(json_agg(${s}.document_json(doc) order by due, key), '[]') into v_result from claimed;
  return v_result;
end $$;

create function ${s}.renew(p_keys text[], p_epochs bigint[], p_owner text, p_until bigint) returns json language plpgsql ${plannedOnce} as $$
declare
  v_result json;
begin
  with held as materialized (
    select d.key, c.i from unnest(p_keys, p_epochs) with ordinality c(key, epoch, i) join ${s}.documents d on d.key = c.key
     where d.owner = p_owner and d.epoch = c.epoch order by d.key for update of d
  ), renewed as (
    update ${s}.documents d set lease_until = p_until from held where d.key = held.key returning d.key, held.i
  )
  select coalesce(json_agg(key order by i), '[]') into v_result from renewed;
  return v_result;
end $$;

create function ${s}.change_stream(p_kind text, p_stream text, p_before bigint) returns void language plpgsql ${plannedOnce} as $$
declare
  t ${s}.streams;
  v_first bigint;
begin
  select * into t from ${s}.streams where name = p_stream for update;
  if not found then return; end if;
  if p_kind = 'archive' or p_kind = 'restore' then
    update ${s}.streams set archived = (p_kind = 'archive') where name = p_stream;
  else
    v_first := case when p_kind = 'tombstone' then t.version + 1 else greatest(t.first, least(p_before, t.version + 1)) end;
    delete from ${s}.events where stream_id = t.id and stream_version < v_first and position > t.after_position;
    update ${s}.streams set first = v_first, tombstoned = t.tombstoned or p_kind = 'tombstone' where name = p_stream;
  end if;
end $$;

create function ${s}.forget_keys(p_before bigint) returns bigint language plpgsql as $$
declare
  v_count bigint;
begin
  delete from ${s}.append_keys where time < p_before;
  get diagnostics v_count = row_count;
  return v_count;
end $$;
`
}
