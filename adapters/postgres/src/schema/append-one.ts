/**
 * One append by itself, as a writer without company sends it: the same as `write_batch` in a third of its time. Every statement finds its
 * row by a whole key, so that the server cannot plan it badly.
 */
export function appendOne(s: string, lockClass: number): string {
  return `
create function ${s}.append_one(
  p_stream text, p_expected bigint, p_key text, p_tenant text, p_time bigint, p_ids text, p_types text, p_versions integer[], p_data text, p_meta text,
  out reason integer, out actual bigint, out version bigint, out last_position bigint, out duplicate boolean
) language plpgsql as $$
declare
  t ${s}.streams;
  k ${s}.append_keys;
  v_count integer := cardinality(p_versions);
  v_rows integer;
  v_positions bigint[];
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'Tutti needs the transaction isolation read committed' using errcode = '25001';
  end if;
  -- Whoever finds its stream locked for long waits elsewhere.
  perform set_config('lock_timeout', '50', true);
  reason := 0; actual := 0; duplicate := false;
  select * into t from ${s}.streams where name = p_stream for update;
  if found then
    if p_key is not null then
      select * into k from ${s}.append_keys where stream_id = t.id and key = p_key;
      if found then version := k.version; last_position := k.position; duplicate := true; return; end if;
    end if;
    actual := t.version;
    if t.tombstoned then reason := 3; return; elsif t.archived then reason := 2; return; end if;
  end if;
  if p_expected <> -2 and p_expected <> actual and not (p_expected = -1 and actual = 0) and not (p_expected = -3 and actual > 0) then
    reason := 1;
    return;
  end if;
  version := actual + v_count;
  if t.id is null then
    t.id := nextval('${s}.stream_ids');
    insert into ${s}.streams (name, id, version, after_position)
      values (p_stream, t.id, append_one.version, (select last_value from ${s}.positions)) on conflict (name) do nothing;
    get diagnostics v_rows = row_count;
    if v_rows = 0 then raise exception 'a stream was created meanwhile' using errcode = '40001'; end if;
  else
    update ${s}.streams set version = append_one.version where name = p_stream;
  end if;
  perform pg_advisory_xact_lock_shared(${lockClass}, (select (last_value & 2147483647)::integer from ${s}.positions));
  if v_count = 1 then
    last_position := nextval('${s}.positions');
    insert into ${s}.events (position, stream_id, stream_version, time, version, stream, type, id, tenant, data, meta)
      values (last_position, t.id, append_one.version, p_time, p_versions[1], p_stream, p_types, p_ids, p_tenant, p_data::json, p_meta::json);
  else
    v_positions := array(select nextval('${s}.positions') from generate_series(1, v_count));
    last_position := v_positions[v_count];
    insert into ${s}.events (position, stream_id, stream_version, time, version, stream, type, id, tenant, data, meta)
      select v_positions[e.i], t.id, actual + e.i, p_time, e.version, p_stream, e.type, e.id, p_tenant, e.data::json, e.meta::json
        from rows from (unnest(p_versions), string_to_table(p_ids, E'\\x1f'), string_to_table(p_types, E'\\x1f'), string_to_table(p_data, E'\\x1f'), string_to_table(p_meta, E'\\x1f'))
          with ordinality e(version, id, type, data, meta, i);
  end if;
  if p_key is not null then
    insert into ${s}.append_keys (stream_id, key, version, position, time) values (t.id, p_key, append_one.version, last_position, p_time);
  end if;
end $$;
`
}
