import { aggregate, event, reject } from 'tutti'
import * as z from 'zod'

type State = { readonly exists: false } | { readonly exists: true; readonly name: string }

const named = z.object({ name: z.string().min(1) })

export const Thing = aggregate('thing', {
  events: { created: event(named), renamed: event(named) },
  commands: { create: named, rename: named },
  initial: (): State => ({ exists: false }),
})
  .evolve({
    created: (_, { name }) => ({ exists: true, name }),
    renamed: (_, { name }) => ({ exists: true, name }),
  })
  .decide({
    create: (state, { name }, emit) => (state.exists ? reject('ALREADY_CREATED') : emit.created({ name })),
    rename: (state, { name }, emit) => (state.exists ? emit.renamed({ name }) : reject('NOT_CREATED')),
  })
