import type { View } from './view.ts'

/** Checks what is coded: a body is either decoded or passed on, and what is cut up or endless is neither. */
export function checkCodings(view: View): void {
  for (const route of view.names('routes')) {
    const passed = listed(view, route, 'contentEncodings')
    for (const [at, coding] of listed(view, route, 'decode').entries())
      if (passed.includes(coding))
        view.complain(
          ['routes', route, 'decode', `${at}`],
          `found ${coding}, which contentEncodings passes on as it is: expected it in one of both`,
        )
    if (view.has('routes', route, 'decode', '0') && view.has('routes', route, 'event', 'batch'))
      view.complain(
        ['routes', route, 'decode'],
        'found beside event.batch, whose events are read as they come: expected just one',
      )
    if (view.has('routes', route, 'compress') && view.has('routes', route, 'stream'))
      view.complain(
        ['routes', route, 'compress'],
        'found on a stream, which is never compressed: expected on other routes',
      )
  }
}

function listed(view: View, route: string, option: string): readonly string[] {
  const codings: string[] = []
  for (let at = 0; view.has('routes', route, option, `${at}`); at++)
    codings.push(view.text('routes', route, option, `${at}`) ?? '')
  return codings
}
