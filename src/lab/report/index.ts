import { whoOf } from '../advice.ts'
import type { Result } from '../result.ts'
import { story } from '../story.ts'
import { count, failing, seconds, share } from '../verdict.ts'
import type { Figure } from '../verdict.ts'
import { circuitPlot } from './circuit.ts'
import { curvePlot } from './curve.ts'
import { page, tableOf } from './page.ts'
import { hueAt, overlaidPanels, panelsOf } from './panels.ts'
import { escaped, plot } from './plot.ts'

/** The report of a run, or of several beside each other: one HTML file that asks nobody for anything. */
export function report(results: readonly Result[]): string {
  const [first] = results
  if (first === undefined) throw new Error('There is no run to report.')
  const several = results.length > 1
  const body = several
    ? [compared(results), ...results.map(result => section(result, results))]
    : [section(first, results)]
  const look = first.lookFor === '' ? '' : `<h2>What to look for</h2>${paragraph(first.lookFor)}`
  return page(first.title, first.at, `${paragraph(first.about)}${look}\n${body.join('\n')}`)
}

const paragraph = (text: string): string => (text === '' ? '' : `<p>${marked(text)}</p>`)
/** What stands between backticks is code. */
const marked = (text: string): string => escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')
const list = (texts: readonly string[]): string => `<ul>${texts.map(text => `<li>${marked(text)}</li>`).join('')}</ul>`

/** What a run is called beside others. */
const nameAmong =
  (results: readonly Result[]) =>
  (result: Result): string => {
    const same = results.every(({ name }) => name === result.name)
    const variant = result.variant === '' ? 'as it is' : result.variant
    const own = same ? variant : result.variant === '' ? result.name : `${result.name}, ${result.variant}`
    const twins = results.filter(({ name, variant }) => name === result.name && variant === result.variant)
    return twins.length > 1 ? `${own} (${'ABCDEFGH'[results.indexOf(result)] ?? ''})` : own
  }

const shadesOf = ({ faults }: Result) => faults.map(({ label, fromMs, toMs }) => ({ label, fromMs, toMs }))

function compared(results: readonly Result[]): string {
  const nameOf = nameAmong(results)
  const [first] = results
  const lengthMs = Math.max(...results.map(({ lengthMs }) => lengthMs))
  const plots = overlaidPanels(results, nameOf).map(({ panel, told }) =>
    plot(panel, lengthMs, first === undefined ? [] : shadesOf(first), told),
  )
  const curves = results.map((result, i) => ({ name: nameOf(result), colour: hueAt(i), curve: result.curve }))
  const p = (result: Result, percent: number): string =>
    `${result.curve.find(([each]) => each >= percent)?.[1] ?? '–'} ms`
  const rows: readonly (readonly [string, (result: Result) => string])[] = [
    ['objectives that fail', ({ objectives, ledger }) => String(failing([...objectives, ...ledger]).length)],
    ['requests answered', ({ totals }) => share(totals.answered, totals.asked)],
    ['half of the answers within', result => p(result, 50)],
    ['99 of 100 answers within', result => p(result, 99)],
    ['sendings for each request', ({ totals }) => (totals.sent / Math.max(1, totals.asked)).toFixed(2)],
    ['executed for nobody', ({ totals }) => share(totals.unwanted, totals.executed)],
    [
      'over after',
      ({ faults }) =>
        faults.map(({ recoverMs }) => (recoverMs === null ? 'never' : seconds(recoverMs))).join(', ') || '–',
    ],
  ]
  const head = results.map(result => `<th scope="col">${escaped(nameOf(result))}</th>`).join('')
  const lines = rows.map(
    ([what, read]) =>
      `<tr><th scope="row">${what}</th>${results.map(result => `<td>${read(result)}</td>`).join('')}</tr>`,
  )
  return `<h2>Side by side</h2><div class="scroll" tabindex="0" role="region" aria-label="Side by side"><table><thead><tr><td></td>${head}</tr></thead><tbody>${lines.join('')}</tbody></table></div>
${plots.join('\n')}${curvePlot(curves)}`
}

function section(result: Result, results: readonly Result[]): string {
  const name = results.length > 1 ? nameAmong(results)(result) : 'What happened'
  const failed = failing([...result.objectives, ...result.ledger]).length
  const verdict =
    failed === 0
      ? '<p class="verdict ok">All that was asked for holds.</p>'
      : `<p class="verdict no">${failed} of what was asked for does not hold.</p>`
  const { happened, change } = story(result)
  const plots = panelsOf(result).map(({ panel, told }) => plot(panel, result.lengthMs, shadesOf(result), told))
  const curve = curvePlot([{ name: 'answers', colour: hueAt(0), curve: result.curve }])
  return `<section><h2>${escaped(name)}</h2>${verdict}${list(happened)}<h3>What to change</h3>${list(change)}
${verdicts('What was asked for', name, result.objectives)}${verdicts('What must hold always', name, result.ledger)}
${plots.join('\n')}${circuitPlot(result)}${curve}${refusals(result, name)}${resources(result, name)}</section>`
}

const verdicts = (caption: string, of: string, figures: readonly Figure[]): string =>
  tableOf(
    caption,
    of,
    ['What', 'Asked', 'Measured', 'Verdict'],
    figures.map(({ name, asked, measured, holds }) => [
      escaped(name),
      escaped(asked),
      escaped(measured),
      holds === null ? '' : holds ? '<b class="ok">holds</b>' : '<b class="no">FAILS</b>',
    ]),
  )

/** Every sending by its end. */
function refusals({ totals }: Result, of: string): string {
  const rows = Object.entries(totals.codes)
    .toSorted(([, a], [, b]) => b - a)
    .map(([code, n]) => [
      `<code>${escaped(code)}</code>`,
      escaped(whoOf(code)),
      count(n),
      share(n, totals.sent).split(' of')[0] ?? '',
    ])
  const served = [
    'answered in time',
    'worker',
    count(totals.fates.served),
    share(totals.fates.served, totals.sent).split(' of')[0] ?? '',
  ]
  return tableOf(
    `Who refused what: all ${count(totals.sent)} sendings`,
    of,
    ['What', 'Who', 'Sendings', 'Share'],
    [served, ...rows],
  )
}

function resources({ cores, generatorLate, seconds: { memoryMb } }: Result, of: string): string {
  const used = Object.entries(cores).map(([role, share]) => [escaped(role), `${share.toFixed(2)} cores`])
  const memory = Math.max(0, ...memoryMb.map(mb => mb ?? 0))
  return tableOf(
    'What it took',
    of,
    ['Who', 'How much'],
    [
      ...used,
      ...(memory > 0 ? [['memory of the gateway, at most', `${memory} MiB`]] : []),
      [
        'the generator was late, p50 and p99',
        `${generatorLate.p50 ?? 0} and ${generatorLate.p99 ?? 0} ms of ${count(generatorLate.count)} sendings`,
      ],
    ],
  )
}
