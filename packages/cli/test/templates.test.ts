// The tests that new projects and generated files begin with, as they are in the templates; those of `full` need a
// project of its own, which newcomer.test.ts makes.
import '../templates/http/test/app.test.ts'
import '../templates/events/test/app.test.ts'
import '../templates/events/test/order.test.ts'
import '../templates/generate/aggregate/test/thing.test.ts'
import '../templates/generate/projection/test/thing.test.ts'
import '../templates/generate/route/test/thing.test.ts'
import '../templates/generate/workflow/test/thing.test.ts'
