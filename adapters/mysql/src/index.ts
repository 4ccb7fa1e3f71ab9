export { mysql, type MysqlOptions, type MysqlStorage, type PoolOptions } from './mysql.ts'
export type { ConnectionOptions } from './options.ts'
export type { PoolCounts } from './connections.ts'
