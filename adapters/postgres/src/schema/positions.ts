/**
 * How readers know up to where nothing new can appear. A writer holds a shared advisory lock whose key is the sequence's last value
 * before it takes positions: all of its positions lie above that floor. A reader looks at the sequence first and at the locks after: a
 * writer without a lock by then takes positions above what the sequence said. A commit is visible before its locks are released, and the
 * statement that reads the rows begins after the locks were read; therefore READ COMMITTED is needed.
 */
export function positions(s: string, lockClass: number): string {
  return `
create function ${s}.head() returns bigint language plpgsql volatile as $$
declare
  v_last bigint;
  v_floor bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'Tutti needs the transaction isolation read committed' using errcode = '25001';
  end if;
  select last_value into v_last from ${s}.positions;
  -- Keys hold the low 31 bits of positions; the distance to the last value tells the rest.
  select min(v_last - ((v_last & 2147483647) - l.objid::bigint + 2147483648) % 2147483648) into v_floor
    from pg_locks l
   where l.locktype = 'advisory' and l.classid = ${lockClass} and l.objsubid = 2 and l.pid <> pg_backend_pid()
     and l.database = (select oid from pg_database where datname = current_database())
     and ((v_last & 2147483647) - l.objid::bigint + 2147483648) % 2147483648 < 1073741824;
  return least(v_last, coalesce(v_floor, v_last));
end $$;
`
}
