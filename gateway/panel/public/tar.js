// Makes a tar.gz of files in the browser: plain headers (POSIX.1-1988 ustar), and a pax header (POSIX.1-2001) for a name that doesn't fit in one. Used by upload.js.
const encoder = new TextEncoder()
const BLOCK = 512

/** A Blob of `files` ({path, file}). */
export async function targz(files) {
  const chunks = pieces(files)
  const stream = new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
  return new Response(stream.pipeThrough(new CompressionStream('gzip'))).blob()
}

async function* pieces(files) {
  for (const { path, file } of files) {
    const name = encoder.encode(path)
    if (name.length > 100) yield* record('pax', encoder.encode(paxLine('path', path)), 'x')
    yield header(name.slice(0, 100), file.size, '0')
    for await (const chunk of file.stream()) yield chunk
    yield padding(file.size)
  }
  yield new Uint8Array(2 * BLOCK)
}

function* record(name, body, type) {
  yield header(encoder.encode(name), body.length, type)
  yield body
  yield padding(body.length)
}

const padding = size => new Uint8Array((BLOCK - size % BLOCK) % BLOCK)

/** A line says its own length, in bytes and with the digits that say it. */
function paxLine(key, value) {
  const rest = ` ${key}=${value}\n`
  const bytes = encoder.encode(rest).length
  let length = bytes + String(bytes).length
  if (bytes + String(length).length > length) length++
  return `${length}${rest}`
}

function header(name, size, type) {
  const block = new Uint8Array(BLOCK)
  const put = (at, text) => block.set(encoder.encode(text), at)
  block.set(name, 0)
  put(100, '0000644\0')
  put(108, '0000000\0')
  put(116, '0000000\0')
  put(124, `${size.toString(8).padStart(11, '0')}\0`)
  put(136, '00000000000\0')
  put(148, '        ')
  put(156, type)
  put(257, 'ustar\x0000')
  const sum = block.reduce((all, byte) => all + byte, 0)
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  return block
}
