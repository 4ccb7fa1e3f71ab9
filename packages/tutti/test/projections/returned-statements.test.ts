import { returnedStatements } from './returned-statements.ts'
import { openSqlite } from './support.ts'

returnedStatements('SQLite', openSqlite)
