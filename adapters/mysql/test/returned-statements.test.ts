import { afterAll } from 'vitest'
import { returnedStatements } from '../../../packages/tutti/test/projections/returned-statements.ts'
import { describeWithServer, dropDatabase, ownDatabase, testStorage } from './test-storage.ts'

describeWithServer('Projections', () => {
  const databases: string[] = []

  afterAll(() => Promise.all(databases.map((name) => dropDatabase(name))))

  returnedStatements('MariaDB', async () => {
    const database = await ownDatabase()
    databases.push(database)
    return testStorage(database)
  })
})
