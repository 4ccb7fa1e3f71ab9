import { afterAll } from 'vitest'
import { returnedStatements } from '../../../packages/tutti/test/projections/returned-statements.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage } from './test-storage.ts'

describeWithServer('Projections', () => {
  const schemas: string[] = []

  afterAll(() => Promise.all(schemas.map(dropSchema)))

  returnedStatements('PostgreSQL', () => {
    const schema = ownSchema()
    schemas.push(schema)
    return testStorage(schema)
  })
})
