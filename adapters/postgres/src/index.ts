export { postgres, type PoolOptions, type PostgresOptions, type PostgresStorage } from './postgres.ts'
export type { PoolCounts } from './pool-counts.ts'
