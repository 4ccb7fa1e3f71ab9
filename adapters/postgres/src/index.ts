export { postgresBroker, type PostgresBroker, type PostgresBrokerOptions } from './broker.ts'
export { postgres, type PostgresOptions, type PostgresStorage } from './postgres.ts'
export type { PoolOptions, ServerOptions } from './server-options.ts'
export type { PoolCounts } from './pool-counts.ts'
