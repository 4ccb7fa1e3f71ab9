export { kyselyFor, type KyselyTarget } from './kysely-dialect.ts'
export { migrateDown, migrateUp, migrationStatus, type MigrationFolder, type UserMigration } from './migrations.ts'
