// Writes what is said, or reads a chat from where it was left:  node chat.mjs URL say "hello"   |   node chat.mjs URL read [offset]
import { DurableStream, stream } from '@durable-streams/client'

const [url = 'http://localhost:8080/chats/7', what = 'read', text = '-1'] = process.argv.slice(2)

if (what === 'say') {
  const chat = await DurableStream.create({ url, contentType: 'application/json' })
  await chat.append(JSON.stringify({ text }))
} else {
  const reading = await stream({ url, offset: text, live: false })
  for (const { text } of await reading.json()) console.log(text)
  console.log(`go on with: ${reading.offset}`)
}
