import { event, projection } from 'tutti'
import * as z from 'zod'

const happened = { type: 'thing-source.happened', definition: event(z.object({ what: z.string() })) } as const

/** What is counted. Put an aggregate of yours in its place, such as `from: [Order]`. */
export const ThingSource = { name: 'thing-source', events: { happened } } as const

/** How often each has happened. */
export const Thing = projection(
  'thing',
  { from: [ThingSource] },
  {
    'thing-source.happened': async ({ data }, { documents }) => {
      const before = (await documents.get<{ count: number }>(data.what)) ?? { count: 0 }
      documents.put(data.what, { count: before.count + 1 })
    },
  },
)
