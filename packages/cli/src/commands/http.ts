import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { appOption, withApp } from '../load-app.ts'
import { text } from '../option.ts'
import { table } from '../output.ts'

export const routes = command({
  name: 'routes',
  about: 'lists the routes of the application',
  options: { app: appOption, tag: text('--tag <tag>', 'only those with this tag') },
  examples: ['routes', 'routes --tag orders', 'routes --json'],
  run: (call) =>
    withApp(call, async (app) => {
      const { tag } = call.options
      const found = app.routes().filter(({ tags }) => tag === undefined || tags.includes(tag))
      const listed = found.map(({ method, path, version, tags, summary, module }) => ({ method, path, version, tags, summary, module }))
      call.output.answer(listed, () =>
        listed.length === 0
          ? 'There are no routes.'
          : table(
              ['METHOD', 'PATH', 'VERSION', 'TAGS', 'SUMMARY'],
              listed.map(({ method, path, version = '', tags, summary = '' }) => [method, path, version, tags.join(','), summary]),
            ),
      )
    }),
})

export const openapi = command({
  name: 'openapi',
  about: 'prints the API description (OpenAPI 3.1), or writes it to a file',
  options: { app: appOption, output: text('--output <file>', 'writes it there; a file that exists is replaced') },
  examples: ['openapi > openapi.json', 'openapi --output openapi.json'],
  run: (call) =>
    withApp(call, async (app) => {
      const { output } = call.options
      const document = await app.apiDescription()
      const written = JSON.stringify(document, undefined, 2)
      if (output === undefined) {
        call.output.print(written)
        return
      }
      const file = resolve(call.io.cwd, output)
      await writeFile(file, `${written}\n`).catch((cause: unknown) => {
        throw new CommandError(`${file} cannot be written.`, { cause })
      })
      call.output.answer({ file }, () => `The API description is in ${output}.`)
    }),
})
