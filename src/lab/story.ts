import { optionsOf } from './advice.ts'
import type { Result } from './result.ts'
import { count, percent, seconds } from './verdict.ts'

const share = (part: number, whole: number): string => `${percent(part, whole).toFixed(1)} %`

/** What happened and what to change, in sentences. */
export function story(result: Result): Readonly<{ happened: readonly string[]; change: readonly string[] }> {
  return { happened: happened(result), change: advice(result) }
}

function happened(result: Result): readonly string[] {
  const { totals, faults, lengthMs, generatorLate, interrupted } = result
  const { asked, sent, answered, executed, unwanted } = totals
  const { machineCores } = result
  const others = result.cores['others'] ?? 0
  const often = asked === 0 ? 1 : sent / asked
  const refused = Object.entries(totals.codes).toSorted(([, a], [, b]) => b - a)
  return [
    ...(interrupted ? ['The run was ended before its time: this is what there was until then.'] : []),
    asked === 0
      ? `In ${seconds(lengthMs)} the load came from elsewhere: the workers executed ${count(executed)} commands.`
      : `In ${seconds(lengthMs)} clients asked for ${count(asked)} things, and ${share(answered, asked)} of them were answered.`,
    ...(often > 1.005 ? [`For each of them they sent ${often.toFixed(2)} requests, as they repeat what fails.`] : []),
    ...faults.map(({ label, fromMs, toMs, detectMs, recoverMs }) => {
      const noticed =
        detectMs === null
          ? 'at no time was more refused than answered'
          : `after ${seconds(detectMs)} calls were refused at once instead of waiting in vain`
      const isOpen = toMs >= lengthMs
      const when = `From ${seconds(fromMs)} to ${isOpen ? 'the end' : seconds(toMs)} (${label})`
      if (asked === 0) return `${when}.`
      const over = isOpen
        ? ''
        : recoverMs === null
          ? '; it was not over when the run ended'
          : `; ${seconds(recoverMs)} after its end nearly all was answered again`
      return `${when}: ${noticed}${over}.`
    }),
    ...(refused.length === 0
      ? asked === 0
        ? []
        : ['Nothing was refused.']
      : [`What was not answered in time: ${refused.map(([code, n]) => `${count(n)} × ${code}`).join(', ')}.`]),
    ...(executed > 0 && unwanted > 0
      ? [
          `Of ${count(executed)} commands that the workers executed, ${share(unwanted, executed)} were for nobody any more.`,
        ]
      : []),
    ...(generatorLate.count > 0 && (generatorLate.p99 ?? 0) > mostLateMs
      ? [
          `The generator itself fell behind: one request in a hundred went out ${generatorLate.p99} ms late or more, which is part of every latency here.`,
        ]
      : []),
    ...(others > mostOthers * machineCores
      ? [
          `The machine was busy with something else: ${others.toFixed(1)} of its ${machineCores} cores on average, so that all of this is worse than it would be on a quiet one.`,
        ]
      : []),
  ]
}

/** Of the cores of the machine, more than this for others is no quiet machine. */
const mostOthers = 0.4

/** Later than this, the machine could not send what the scenario asks for. */
const mostLateMs = 20

/** What to change: by what failed most, and by what was wasted. */
function advice({ totals, faults, decides, objectives, lengthMs }: Result): readonly string[] {
  const { sent, asked, executed, unwanted, fates } = totals
  const failed = objectives.filter(({ holds }) => holds === false)
  const worst = Object.entries(totals.codes).toSorted(([, a], [, b]) => b - a)[0]
  const said: string[] = []
  if (failed.length === 0 && objectives.length > 0) said.push('All objectives hold: nothing has to change.')
  if (worst !== undefined && percent(worst[1], sent) > 1) {
    const options = optionsOf(worst[0])
    if (options !== null) said.push(`Most of what failed was \`${worst[0]}\`: ${options}`)
  }
  if (executed > 0 && percent(unwanted, executed) > 5)
    said.push(
      'Workers execute much that nobody waits for: let them drop what has expired (`sluice-expires`), and lower the slots of the bulkhead.',
    )
  if (asked > 0 && sent / asked > 1.5)
    said.push('Clients repeat so much that they make the trouble larger: have them obey Retry-After, and repeat less.')
  if (faults.some(({ toMs, recoverMs }) => toMs < lengthMs && recoverMs === null))
    said.push(
      'It did not recover by itself: look at `workers.*.bulkhead`, `workers.*.breaker.openMaxMs` and what clients repeat.',
    )
  if (fates.lost > 0) said.push('Connections were lost: look at `server.limits.connections`, and at the network.')
  if (failed.length > 0 && decides.length > 0)
    said.push(`What decides here: ${decides.map(option => `\`${option}\``).join(', ')}.`)
  return said.length === 0 ? ['Nothing stands out that ought to change.'] : said
}
