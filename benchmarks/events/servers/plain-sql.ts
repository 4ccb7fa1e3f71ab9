import pg from 'pg'
import { runCallers, type CallerPlan } from '../../harness/callers.ts'
import { offer } from '../../harness/offer.ts'
import { orderEvents } from '../order.ts'

/**
 * An event store of one table and one function, after the published behaviour of message-db: a category's writers take turns under an
 * advisory lock until they have committed, so that positions become visible in their order.
 */
const schema = `
  create table messages (
    global_position bigserial primary key, position bigint not null, time timestamp not null default (now() at time zone 'utc'),
    stream_name text not null, type text not null, data jsonb, metadata jsonb, id uuid not null default gen_random_uuid()
  );
  create unique index messages_id on messages (id);
  create unique index messages_stream on messages (stream_name, position);
  create index messages_category on messages (split_part(stream_name, '-', 1), global_position);
  create function write_message(p_id uuid, p_stream text, p_type text, p_data jsonb, p_metadata jsonb, p_expected bigint)
    returns bigint language plpgsql as $$
  declare
    v_version bigint;
  begin
    perform pg_advisory_xact_lock(('x' || left(md5(split_part(p_stream, '-', 1)), 16))::bit(64)::bigint);
    select coalesce(max(position), -1) into v_version from messages where stream_name = p_stream;
    if p_expected is not null and p_expected <> v_version then
      raise exception 'Wrong expected version: % (Stream: %, Stream Version: %)', p_expected, p_stream, v_version;
    end if;
    insert into messages (id, stream_name, position, type, data, metadata) values (p_id, p_stream, v_version + 1, p_type, p_data, p_metadata);
    return v_version + 1;
  end $$;
`

const append = `
  select write_message(e.id, $1, e.type, e.data, null, $5 + e.nth)
    from unnest($2::uuid[], $3::text[], $4::jsonb[]) with ordinality e(id, type, data, nth)`

let pool: pg.Pool

offer({
  async open({ url, connections }: { readonly url: string; readonly connections: number }) {
    pool = new pg.Pool({ connectionString: url, max: connections })
    await pool.query(schema)
  },
  /** Appends so many events at a time, each time to a new stream. */
  appends({ name, batch, ...plan }: CallerPlan & { readonly name: string; readonly batch: number }) {
    const events = orderEvents(batch)
    const types = events.map(({ type }) => type)
    return runCallers(plan, (caller, call) => {
      const ids = events.map(() => crypto.randomUUID())
      const data = events.map((event) => JSON.stringify(event.data))
      const values = [`order-${name}-${caller}-${call}`, ids, types, data, -2]
      return pool.query({ name: 'append', text: append, values })
    })
  },
  async count() {
    const { rows } = await pool.query<{ count: number }>('select count(*)::integer as count from messages')
    return rows[0]?.count
  },
})
