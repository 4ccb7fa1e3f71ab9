import { command, type Command } from '../command.ts'
import { usageError } from '../command-error.ts'
import { templateFiles, writeFiles } from '../new/template-files.ts'
import { word } from '../option.ts'

/** What is generated, and how the application uses what comes out. */
const kinds = {
  aggregate: { about: 'an aggregate with its rules and their test', use: (names: Names) => names.pascal },
  projection: { about: 'a read model and its test', use: (names: Names) => names.pascal },
  workflow: { about: 'a durable workflow and its test', use: (names: Names) => names.pascal },
  route: { about: 'routes and their test', use: (names: Names) => `${names.camel}Routes` },
} as const

/** A name as code has it. */
interface Names {
  /** `sales-order`, in texts and names of files */
  readonly kebab: string
  /** `salesOrder` */
  readonly camel: string
  /** `SalesOrder` */
  readonly pascal: string
}

export const generateCommands: readonly Command[] = Object.entries(kinds).map(([kind, { about, use }]) =>
  command({
    name: `generate ${kind}`,
    about: `writes ${about}, into src and test`,
    args: { name: word('its name, such as sales-order') },
    examples: [`generate ${kind} sales-order`],
    run: async ({ args, io, output }) => {
      const names = namesOf(args.name)
      const files = await templateFiles(`generate/${kind}`, (content) => renamed(content, names))
      await writeFiles(io.cwd, files)
      const written = Object.keys(files)
      output.answer({ files: written, use: use(names) }, () =>
        [...written.map((file) => `  ${file}`), '', `Add it to the application: app.use(${use(names)})`].join('\n'),
      )
    },
  }),
)

function namesOf(given: string): Names {
  const kebab = given
    .replace(/(?<=[a-z\d])(?=[A-Z])/g, '-')
    .replaceAll('_', '-')
    .toLowerCase()
  // Names become those of files and of variables: nothing in them leads elsewhere.
  if (!/^[a-z][a-z\d]*(?:-[a-z\d]+)*$/.test(kebab) || kebab.length > 60)
    throw usageError(`The name ${JSON.stringify(given)} does not do; wanted up to 60 letters, digits and dashes, such as sales-order.`)
  const pascal = kebab.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase())
  return { kebab, pascal, camel: pascal.charAt(0).toLowerCase() + pascal.slice(1) }
}

/** In templates it is called `thing`. */
function renamed(content: string, { kebab, camel, pascal }: Names): string {
  return (
    content
      .replaceAll('Thing', pascal)
      // Names of aggregates have no dashes: in names of streams, one stands between the aggregate and the id.
      .replaceAll("aggregate('thing'", `aggregate('${camel}'`)
      .replaceAll(/\bthing(?=[A-Z])/g, camel)
      .replaceAll(/\bthing\b/g, kebab)
  )
}
