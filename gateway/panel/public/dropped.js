// The files that were dropped, folders walked: each with its path from what was dropped. Used by files.js and upload.js.
export async function dropped(transfer) {
  const entries = [...transfer.items].map(item => item.webkitGetAsEntry?.()).filter(Boolean)
  if (entries.length === 0) return [...transfer.files].map(file => ({ path: file.name, file }))
  return (await Promise.all(entries.map(entry => walk(entry, '')))).flat()
}

async function walk(entry, above) {
  const path = above + entry.name
  if (entry.isFile) return [{ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) }]
  const reader = entry.createReader()
  const found = []
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) break
    for (const each of some) found.push(...await walk(each, `${path}/`))
  }
  return found
}

/** Sends one file as a body; `each` is told how much of it went, from 0 to 1. Resolves the answer's status and text; rejects where there is none, and when `signal` calls it off. */
export function send(method, address, body, each, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.upload.addEventListener('progress', event => each(event.total > 0 ? event.loaded / event.total : 1))
    request.addEventListener('load', () => resolve({ status: request.status, text: request.responseText }))
    for (const type of ['error', 'abort']) request.addEventListener(type, () => reject(new Error(type)))
    signal?.addEventListener('abort', () => request.abort())
    request.open(method, address)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.send(body)
  })
}

/** What an answer says went wrong. */
export function reason(text) {
  try {
    return JSON.parse(text).error.message
  } catch {
    return undefined
  }
}
