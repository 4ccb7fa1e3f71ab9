/**
 * How the server plans the statements of a function: with the indexes, and once. Left to itself it plans for the empty tables that the first
 * calls see, scans them as a whole, and keeps doing so while they grow.
 */
export const plannedOnce =
  'set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off'
