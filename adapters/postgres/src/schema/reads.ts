import { plannedOnce } from './plans.ts'

/** The reads that many callers make at once, for all of them together; the server keeps the plans of functions. */
export function reads(s: string): string {
  const columns = 'e.id, e.type, e.version, e.data, e.meta, e.position, e.stream, e.stream_version, e.time, e.tenant'
  const found =
    'nth integer, id text, type text, version integer, data json, meta json, "position" bigint, stream text, stream_version bigint, "time" bigint, tenant text'
  const page = (order: string, limit: string): string => `
        select ${columns} from ${s}.events e
         where e.stream_id = t.id and e.stream_version between greatest(q.low, t.first) and least(q.high, t.version) and e.position > t.after_position
         order by e.stream_version ${order} limit ${limit}`
  return `
create function ${s}.read_streams(p_names text[], p_low bigint[], p_high bigint[], p_limit integer[]) returns table (${found}) language plpgsql stable ${plannedOnce} as $$
begin
  return query
    select q.i::integer, x.* from unnest(p_names, p_low, p_high, p_limit) with ordinality q(name, low, high, most, i)
      cross join lateral (select t.id, t.first, t.version, t.after_position from ${s}.streams t where t.name = q.name offset 0) t
      cross join lateral (${page('asc', 'q.most')}) x;
end $$;

create function ${s}.read_streams_back(p_names text[], p_low bigint[], p_high bigint[], p_limit integer[]) returns table (${found}) language plpgsql stable ${plannedOnce} as $$
begin
  return query
    select q.i::integer, x.* from unnest(p_names, p_low, p_high, p_limit) with ordinality q(name, low, high, most, i)
      cross join lateral (select t.id, t.first, t.version, t.after_position from ${s}.streams t where t.name = q.name offset 0) t
      cross join lateral (${page('desc', 'q.most')}) x;
end $$;
`
}
