import { returnedStatements } from './returned-statements.ts'
import { openStorage } from './support.ts'

returnedStatements('SQLite', () => openStorage('sqlite'))
