import { workflow } from 'tutti'
import * as z from 'zod'

/** Each step is done once, whatever happens to the process; what is done is undone where a later step fails. */
export const Thing = workflow(
  'thing',
  { input: z.object({ name: z.string() }), signals: { approval: z.object({ ok: z.boolean() }) } },
  async (w, { name }) => {
    const greeting = await w.step('prepare', () => `Hello, ${name}`)
    const approval = await w.signal('approval')
    if (!approval.ok) throw w.fail('It was not approved.')
    return { greeting }
  },
)
