import { App, router, type AppOptions } from 'tutti'
import * as z from 'zod'

const greetings = router('/greetings', { tags: ['greetings'] })

greetings.get('/:name', { summary: 'Greets somebody', query: z.object({ loud: z.stringbool().default(false) }) }, ({ params, query }) => {
  const text = `Hello, ${params.name}`
  return { text: query.loud ? text.toUpperCase() : text }
})

export default function createApp(options: AppOptions = {}): App {
  return new App({ name: 'APP_NAME', ...options }).use(greetings).get('/', () => 'It works.')
}
