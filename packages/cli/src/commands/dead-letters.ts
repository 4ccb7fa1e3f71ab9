import { command } from '../command.ts'
import { CommandError, usageError } from '../command-error.ts'
import { appOption, withOpenApp } from '../load-app.ts'
import { choice, flag, text, word, words } from '../option.ts'
import { count, facts, table, time } from '../output.ts'

const kinds = ['message', 'projection', 'run'] as const

const filter = {
  app: appOption,
  kind: choice('--kind <kind>', 'only those of this kind', kinds),
  of: text('--of <name>', 'only those of this projection, subscription or workflow, or of topic/group'),
}
const chosen = { ...filter, all: flag('--all', 'all that the other options name, rather than some ids') }
const ids = words('ids of dead letters')

interface Filter {
  readonly kind: (typeof kinds)[number] | undefined
  readonly of: string | undefined
}

function wanted({ kind, of }: Filter): { readonly kind?: (typeof kinds)[number]; readonly of?: string } {
  return { ...(kind !== undefined && { kind }), ...(of !== undefined && { of }) }
}

const list = command({
  name: 'dead-letters list',
  about: 'lists dead letters, oldest first',
  options: filter,
  examples: ['dead-letters list', 'dead-letters list --kind projection --of order-list'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const letters = await app.deadLetters.list(wanted(call.options))
      call.output.answer(letters, () =>
        letters.length === 0
          ? 'There are no dead letters.'
          : table(
              ['ID', 'KIND', 'OF', 'SUBJECT', 'SINCE', 'ATTEMPTS', 'ERROR'],
              letters.map((one) => [one.id, one.kind, one.of, one.subject, time(one.time), String(one.attempts), one.error.message]),
            ),
      )
    }),
})

const show = command({
  name: 'dead-letters show',
  about: 'tells everything about a dead letter, the original included',
  args: { id: word('the id of a dead letter') },
  options: filter,
  examples: ['dead-letters show 0199a5f2', 'dead-letters show 0199a5f2 --json'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const letters = await app.deadLetters.list({ ...wanted(call.options), ids: [call.args.id] })
      if (letters.length === 0) throw new CommandError(`There is no dead letter ${JSON.stringify(call.args.id)}.`)
      call.output.answer(letters, () =>
        letters
          .map((letter) =>
            facts([
              ['Id', letter.id],
              ['Kind', `${letter.kind} of ${letter.of}`],
              ['Subject', letter.subject],
              ['Since', time(letter.time)],
              ['Attempts', String(letter.attempts)],
              ['Error', letter.error.stack ?? letter.error.message],
              ['Original', JSON.stringify(letter.original, undefined, 2)],
            ]),
          )
          .join('\n\n'),
      )
    }),
})

const replay = command({
  name: 'dead-letters replay',
  about: 'does the work of dead letters again, in the processes that run the application',
  args: { ids },
  options: chosen,
  examples: ['dead-letters replay 0199a5f2', 'dead-letters replay --all --kind message'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const replayed = await app.deadLetters.replay(selection(call))
      call.output.answer({ replayed }, () => `${count(replayed, 'dead letter')} will be handled again.`)
    }),
})

const discard = command({
  name: 'dead-letters discard',
  about: 'forgets dead letters',
  args: { ids },
  options: chosen,
  examples: ['dead-letters discard 0199a5f2', 'dead-letters discard --all --of order-list'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const discarded = await app.deadLetters.discard(selection(call))
      call.output.answer({ discarded }, () => `${count(discarded, 'dead letter')} forgotten.`)
    }),
})

/** Nobody acts on all of them by leaving something out. */
function selection({
  args,
  options,
}: {
  readonly args: { readonly ids: readonly string[] | undefined }
  readonly options: Filter & { readonly all: boolean }
}): ReturnType<typeof wanted> & { readonly ids?: readonly string[] } {
  const { ids: given = [] } = args
  if (given.length > 0 === options.all) throw usageError('Name the dead letters by their ids, or all of them with --all.')
  return { ...wanted(options), ...(given.length > 0 && { ids: given }) }
}

export const deadLetterCommands = [list, show, replay, discard]
