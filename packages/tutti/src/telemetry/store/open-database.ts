import type { DatabaseSync } from 'node:sqlite'

/** Counted up when tables change: what an older one holds is thrown away, for telemetry is no record. */
const version = 2

const tables = `
create table traces (
  trace text primary key, name text not null, start real not null, finish real not null, spans integer not null, errors integer not null
) without rowid;
create index traces_by_start on traces (start);
create table spans (
  id integer primary key, trace text not null, span text not null, parent text, state text, flags integer not null, name text not null,
  kind text not null, scope text not null, start real not null, duration real not null, status text not null, message text,
  attributes text not null, events text not null, links text not null
);
create index spans_by_trace on spans (trace);
create table links (target text not null, trace text not null, primary key (target, trace)) without rowid;
create index links_by_trace on links (trace);
create trigger links_of_trace after delete on traces begin delete from links where trace = old.trace; end;
create table logs (
  id integer primary key autoincrement, time real not null, level integer not null, message text not null, component text, trace text,
  fields text not null
);
create index logs_by_trace on logs (trace) where trace is not null;
create table series (
  id integer primary key, process text not null, name text not null, labels text not null, kind text not null, unit text, buckets text,
  unique (name, labels, process)
);
create table points (series integer not null, time real not null, value text not null, primary key (series, time)) without rowid;
create index points_by_time on points (time);
create table samples (process text not null, time real not null, primary key (process, time)) without rowid;
create index samples_by_time on samples (time);
`

/** Opens the file, and begins it anew where it cannot be read or is of another version. */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ':memory:') {
    const { mkdirSync } = process.getBuiltinModule('node:fs')
    mkdirSync(process.getBuiltinModule('node:path').dirname(path), { recursive: true })
  }
  try {
    return prepare(path)
  } catch (error) {
    if (path === ':memory:' || isBusy(error)) throw error
    discard(path)
    return prepare(path)
  }
}

/** Whether another process holds the file at the moment. */
export function isBusy(error: unknown): boolean {
  // SQLITE_BUSY and SQLITE_LOCKED, extended codes included.
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && [5, 6].includes(error.errcode & 0xff)
}

function prepare(path: string): DatabaseSync {
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite')
  // Waiting for another process keeps the whole application waiting: what is busy is tried again later instead.
  const database = new Database(path, { timeout: 50 })
  try {
    database.exec('pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma synchronous = off; pragma temp_store = memory')
    const found = database.prepare('pragma user_version').get()?.['user_version']
    if (found === version) return database
    if (found !== 0) throw new Error(`The telemetry in ${path} is of version ${String(found)}.`)
    database.exec(`begin immediate; ${tables} pragma user_version = ${version}; commit`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function discard(path: string): void {
  const { rmSync } = process.getBuiltinModule('node:fs')
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
}
