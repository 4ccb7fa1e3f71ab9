import { plannedOnce } from './plans.ts'

/**
 * Everything that a batch of units appends, puts and deletes: checked one after the other in memory, as each unit sees those before it, and
 * then written with one statement for each table. Texts come joined by U+001F, which no name and no JSON text holds; splitting that is
 * several times faster than parsing arrays.
 *
 * Rows are locked in the order of their names, so that batches do not wait for each other in a circle. A row that another batch creates at
 * the same time fails this one with 40001, and the caller tries again.
 */
export function writeBatch(s: string, lockClass: number): string {
  return `
create function ${s}.write_batch(
  p_floor boolean, w_unit integer[], w_kind integer[], w_ref integer[],
  p_streams text, a_stream integer[], a_expected bigint[], a_count integer[], a_keys text, a_same integer[], a_tenants text, a_times bigint[],
  e_append integer[], e_offset integer[], e_ids text, e_types text, e_versions integer[], e_data text, e_meta text,
  p_documents text, d_document integer[], d_if_version bigint[], d_epoch bigint[], d_release boolean[], d_due bigint[], d_times bigint[],
  d_values text, d_hints text, d_statuses text, d_tenants text, d_owners text, d_until bigint[],
  out u_failed integer[], out u_write integer[], out u_actual bigint[], out a_version bigint[], out a_position bigint[], out a_duplicate boolean[], out d_result bigint[]
) language plpgsql ${plannedOnce} as $$
declare
  v_names text[]; v_ids bigint[]; v_versions bigint[]; v_states integer[]; v_fresh boolean[]; v_changed boolean[];
  v_tenants text[] := string_to_array(a_tenants, E'\\x1f', ''); v_keys text[]; v_known integer[]; v_dup integer[]; a_end integer[];
  v_events integer := 0; v_pos bigint[]; v_last bigint; v_keyed boolean := false; v_streams integer := 0; v_new integer := 0;
  k_docs text[]; k_version bigint[]; k_epoch bigint[]; k_there boolean[]; k_last integer[]; k_fresh boolean[]; k_release boolean[]; k_claim integer[];
  k_inserts integer := 0; k_updates integer := 0; k_deletes integer := 0;
  v_n integer := cardinality(w_unit); v_unit integer := 0; v_start integer := 0; v_failed boolean := false; v_several boolean;
  b_versions bigint[]; b_kversion bigint[]; b_kepoch bigint[]; b_kthere boolean[]; b_klast integer[]; b_kfresh boolean[]; b_krelease boolean[]; b_kclaim integer[];
  v_owners text[] := string_to_array(d_owners, E'\\x1f', '');
  w integer; i integer; j integer; x bigint; v_reason integer; v_rows integer; r record;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'Tutti needs the transaction isolation read committed' using errcode = '25001';
  end if;
  u_failed := array_fill(0, array[w_unit[v_n]]); u_write := u_failed; u_actual := u_failed;

  if p_streams is not null then
    v_names := string_to_array(p_streams, E'\\x1f');
    v_streams := cardinality(v_names);
    v_versions := array_fill(0::bigint, array[v_streams]); v_ids := v_versions;
    v_states := array_fill(0, array[v_streams]); v_fresh := array_fill(false, array[v_streams]); v_changed := v_fresh;
    a_version := array_fill(0::bigint, array[cardinality(a_stream)]); a_position := a_version;
    a_end := array_fill(0, array[cardinality(a_stream)]); v_dup := a_end; v_known := a_end;
    a_duplicate := array_fill(false, array[cardinality(a_stream)]);
    for r in
      select n.i, t.id, t.version, case when t.tombstoned then 3 when t.archived then 2 else 0 end as state
        from unnest(v_names) with ordinality n(name, i) join ${s}.streams t on t.name = n.name
       order by n.i for update of t
    loop
      v_ids[r.i] := r.id; v_versions[r.i] := r.version; v_states[r.i] := r.state;
    end loop;
    if a_keys is not null then
      v_keyed := true;
      v_keys := string_to_array(a_keys, E'\\x1f', '');
      for r in
        select a.i, k.version, k.position
          from unnest(a_stream, v_keys) with ordinality a(stream, key, i)
          join ${s}.append_keys k on k.stream_id = v_ids[a.stream] and k.key = a.key
      loop
        v_known[r.i] := 1; a_version[r.i] := r.version; a_position[r.i] := r.position; a_duplicate[r.i] := true;
      end loop;
    end if;
  end if;

  if p_documents is not null then
    k_docs := string_to_array(p_documents, E'\\x1f');
    k_version := array_fill(0::bigint, array[cardinality(k_docs)]); k_epoch := k_version;
    k_there := array_fill(false, array[cardinality(k_docs)]); k_fresh := k_there; k_release := k_there;
    k_last := array_fill(0, array[cardinality(k_docs)]); k_claim := k_last;
    d_result := array_fill(0::bigint, array[cardinality(d_document)]);
    for r in
      select n.i, t.version, t.epoch from unnest(k_docs) with ordinality n(key, i) join ${s}.documents t on t.key = n.key
       order by n.i for update of t
    loop
      k_version[r.i] := r.version; k_epoch[r.i] := r.epoch; k_there[r.i] := true;
    end loop;
    b_kthere := k_there;
  end if;

  for w in 1 .. v_n loop
    if w_unit[w] <> v_unit then
      v_unit := w_unit[w]; v_start := w; v_failed := false;
      v_several := w < v_n and w_unit[w + 1] = v_unit;
      if v_several then
        b_versions := v_versions; b_kversion := k_version; b_kepoch := k_epoch; b_klast := k_last; b_kfresh := k_fresh; b_krelease := k_release; b_kclaim := k_claim;
      end if;
    elsif v_failed then
      continue;
    end if;
    v_reason := 0; j := w_ref[w];
    if w_kind[w] = 0 then
      i := a_stream[j];
      if v_known[j] = 1 then continue; end if;
      if a_same[j] <> 0 then
        -- The same key earlier in this batch: if that append was done, this one is its duplicate.
        x := a_same[j];
        while x <> 0 and a_end[x] = 0 and v_dup[x] = 0 and v_known[x] = 0 loop x := a_same[x]; end loop;
        if x <> 0 then
          v_dup[j] := case when v_dup[x] <> 0 then v_dup[x] else x end;
          continue;
        end if;
      end if;
      x := v_versions[i];
      if v_states[i] <> 0 then v_reason := v_states[i];
      elsif a_expected[j] <> -2 and a_expected[j] <> x and not (a_expected[j] = -1 and x = 0) and not (a_expected[j] = -3 and x > 0) then v_reason := 1;
      else
        v_versions[i] := x + a_count[j];
        a_version[j] := x + a_count[j];
        v_events := v_events + a_count[j];
        a_end[j] := v_events;
      end if;
    else
      i := d_document[j];
      if d_epoch[j] is not null and (k_version[i] = 0 or d_epoch[j] <> k_epoch[i]) then v_reason := 5; x := k_epoch[i];
      elsif d_if_version[j] is not null and d_if_version[j] <> k_version[i] then v_reason := 4; x := k_version[i];
      elsif w_kind[w] = 1 then
        k_version[i] := k_version[i] + 1; k_last[i] := j; d_result[j] := k_version[i];
        if d_until[j] is not null then k_claim[i] := j; k_epoch[i] := k_epoch[i] + 1;
        elsif d_release[j] then k_release[i] := true; k_claim[i] := 0; end if;
      else
        d_result[j] := (k_version[i] > 0)::integer;
        k_version[i] := 0; k_epoch[i] := 0; k_last[i] := -1; k_fresh[i] := true; k_release[i] := false; k_claim[i] := 0;
      end if;
    end if;
    if v_reason <> 0 then
      v_failed := true;
      u_failed[v_unit] := v_reason; u_write[v_unit] := w - v_start; u_actual[v_unit] := x;
      if v_several then
        v_versions := b_versions; k_version := b_kversion; k_epoch := b_kepoch; k_last := b_klast; k_fresh := b_kfresh; k_release := b_krelease; k_claim := b_kclaim;
        for i in v_start .. w - 1 loop
          if w_kind[i] = 0 then
            if a_end[w_ref[i]] <> 0 then v_events := v_events - a_count[w_ref[i]]; end if;
            a_end[w_ref[i]] := 0; v_dup[w_ref[i]] := 0;
          end if;
        end loop;
      end if;
    end if;
  end loop;

  if v_events > 0 then
    -- Rows of streams first: who creates the same one waits here, and then takes its positions behind these.
    for i in 1 .. cardinality(a_stream) loop
      if a_end[i] <> 0 and not v_changed[a_stream[i]] then
        j := a_stream[i];
        v_changed[j] := true;
        if v_ids[j] = 0 then v_ids[j] := nextval('${s}.stream_ids'); v_fresh[j] := true; v_new := v_new + 1; end if;
      end if;
    end loop;
    if v_new > 0 then
      select last_value into v_last from ${s}.positions;
      insert into ${s}.streams (name, id, version, after_position)
        select n.name, n.id, n.version, v_last from unnest(v_names, v_ids, v_versions, v_fresh) n(name, id, version, fresh) where n.fresh
        on conflict (name) do nothing;
      get diagnostics v_rows = row_count;
      if v_rows <> v_new then raise exception 'a stream was created meanwhile' using errcode = '40001'; end if;
    end if;
    if v_new < v_streams then
      update ${s}.streams t set version = n.version
        from unnest(v_names, v_versions, v_changed, v_fresh) n(name, version, changed, fresh)
       where n.changed and not n.fresh and t.name = n.name;
    end if;
    if p_floor then perform pg_advisory_xact_lock_shared(${lockClass}, (select (last_value & 2147483647)::integer from ${s}.positions)); end if;
    v_pos := array(select nextval('${s}.positions') from generate_series(1, v_events));
    insert into ${s}.events (position, stream_id, stream_version, time, version, stream, type, id, tenant, data, meta)
      select v_pos[a.last - a.count + e.nth], v_ids[a.stream], a.version - a.count + e.nth, a.time, e.version, v_names[a.stream], e.type, e.id, a.tenant, e.data::json, e.meta::json
        from rows from (unnest(e_append), unnest(e_offset), unnest(e_versions), string_to_table(e_ids, E'\\x1f'), string_to_table(e_types, E'\\x1f'), string_to_table(e_data, E'\\x1f'), string_to_table(e_meta, E'\\x1f'))
          e(append, nth, version, id, type, data, meta)
        cross join lateral (select a_end[e.append] as last, a_count[e.append] as count, a_stream[e.append] as stream, a_version[e.append] as version, a_times[e.append] as time,
          v_tenants[e.append] as tenant offset 0) a
       where a_end[e.append] <> 0;
    for i in 1 .. cardinality(a_stream) loop
      if a_end[i] <> 0 then a_position[i] := v_pos[a_end[i]]; end if;
    end loop;
    if v_keyed then
      insert into ${s}.append_keys (stream_id, key, version, position, time)
        select v_ids[a.stream], a.key, a.version, a.position, a.time
          from unnest(a_stream, v_keys, a_version, a_position, a_times, a_end) a(stream, key, version, position, time, last)
         where a.key is not null and a.last <> 0;
    end if;
  end if;
  if v_keyed then
    for i in 1 .. cardinality(a_stream) loop
      if v_dup[i] <> 0 then a_version[i] := a_version[v_dup[i]]; a_position[i] := a_position[v_dup[i]]; a_duplicate[i] := true; end if;
    end loop;
  end if;

  if p_documents is not null then
    for i in 1 .. cardinality(k_docs) loop
      if k_last[i] > 0 and not k_there[i] then k_inserts := k_inserts + 1;
      elsif k_last[i] > 0 then k_updates := k_updates + 1;
      elsif k_last[i] = -1 and k_there[i] then k_deletes := k_deletes + 1; end if;
    end loop;
    if k_deletes > 0 then
      delete from ${s}.documents t using unnest(k_docs, k_last) n(key, last) where n.last = -1 and t.key = n.key;
    end if;
    if k_updates > 0 then
      update ${s}.documents t set version = n.version, updated_at = p.time, due = p.due, status = p.status, tenant = p.tenant, hints = p.hints, value = p.value::json,
          owner = case when n.claim > 0 then v_owners[n.claim] when n.release or n.fresh then null else t.owner end,
          lease_until = case when n.claim > 0 then d_until[n.claim] when n.release or n.fresh then null else t.lease_until end, epoch = n.epoch
        from unnest(k_docs, k_version, k_epoch, k_last, k_there, k_release, k_fresh, k_claim) n(key, version, epoch, last, there, release, fresh, claim)
        join rows from (unnest(d_times), unnest(d_due), string_to_table(d_values, E'\\x1f'), string_to_table(d_hints, E'\\x1f', ''), string_to_table(d_statuses, E'\\x1f', ''), string_to_table(d_tenants, E'\\x1f', '')) with ordinality
          p(time, due, value, hints, status, tenant, i) on p.i = n.last
       where n.there and n.last > 0 and t.key = n.key;
    end if;
    if k_inserts > 0 then
      insert into ${s}.documents (key, version, epoch, updated_at, due, status, tenant, owner, lease_until, hints, value)
        select n.key, n.version, n.epoch, p.time, p.due, p.status, p.tenant, v_owners[n.claim], d_until[n.claim], p.hints, p.value::json
          from unnest(k_docs, k_version, k_epoch, k_last, k_there, k_claim) n(key, version, epoch, last, there, claim)
          join rows from (unnest(d_times), unnest(d_due), string_to_table(d_values, E'\\x1f'), string_to_table(d_hints, E'\\x1f', ''), string_to_table(d_statuses, E'\\x1f', ''), string_to_table(d_tenants, E'\\x1f', '')) with ordinality
            p(time, due, value, hints, status, tenant, i) on p.i = n.last
         where not n.there and n.last > 0
         order by n.key
        on conflict (key) do nothing;
      get diagnostics v_rows = row_count;
      if v_rows <> k_inserts then raise exception 'a document was created meanwhile' using errcode = '40001'; end if;
    end if;
  end if;
end $$;

-- Within a transaction that lasts longer a failure would end it; a subtransaction takes the failed try back.
create function ${s}.write_in_transaction(
  p_floor boolean, w_unit integer[], w_kind integer[], w_ref integer[],
  p_streams text, a_stream integer[], a_expected bigint[], a_count integer[], a_keys text, a_same integer[], a_tenants text, a_times bigint[],
  e_append integer[], e_offset integer[], e_ids text, e_types text, e_versions integer[], e_data text, e_meta text,
  p_documents text, d_document integer[], d_if_version bigint[], d_epoch bigint[], d_release boolean[], d_due bigint[], d_times bigint[],
  d_values text, d_hints text, d_statuses text, d_tenants text, d_owners text, d_until bigint[],
  out u_failed integer[], out u_write integer[], out u_actual bigint[], out a_version bigint[], out a_position bigint[], out a_duplicate boolean[], out d_result bigint[]
) language plpgsql as $$
begin
  for i in 1 .. 20 loop
    begin
      select b.* into u_failed, u_write, u_actual, a_version, a_position, a_duplicate, d_result
        from ${s}.write_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32) b;
      return;
    exception
      when serialization_failure then
        if i = 20 then raise; end if;
      when check_violation then
        -- Nothing is given back where a partition is missing: the caller makes it, outside of this transaction, and comes again.
        if sqlerrm not like 'no partition of relation%' then raise; end if;
        u_failed := null;
        return;
    end;
  end loop;
end $$;
`
}
