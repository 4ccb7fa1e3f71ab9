import { given } from 'tutti/testing'
import { it } from 'vitest'
import { Thing } from '../src/thing.ts'

const { created, renamed } = Thing.events
const { create, rename } = Thing.commands

it('is created once, and renamed', () => {
  given(Thing)
    .when(create('1', { name: 'a' }))
    .thenEmitted(created({ name: 'a' }))
  given(Thing, created({ name: 'a' }))
    .when(create('1', { name: 'a' }))
    .thenRejected('ALREADY_CREATED')
  given(Thing, created({ name: 'a' }))
    .when(rename('1', { name: 'b' }))
    .thenEmitted(renamed({ name: 'b' }))
  given(Thing)
    .when(rename('1', { name: 'b' }))
    .thenRejected('NOT_CREATED')
})
