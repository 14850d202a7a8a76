// Sends an archive or a backup as it is, or a folder as an archive made here, with progress: by the form's button, chosen, or dropped on it.
import { dropped, reason, send } from './dropped.js'
import { targz } from './tar.js'
import { explain, refusal, standing } from './watch.js'

/** What systems leave in folders and nobody means to publish. */
const LEFT = /(^|\/)(\.git|\.svn|\.DS_Store|Thumbs\.db|__MACOSX)(\/|$)/

for (const form of document.querySelectorAll('form[data-upload]')) prepare(form)

function prepare(form) {
  const drop = form.querySelector('.drop')
  const input = form.querySelector('input[type=file]')
  const folder = form.querySelector('[data-folder]')

  form.addEventListener('submit', event => {
    const [file] = input.files
    if (file === undefined) return
    event.preventDefault()
    upload(form, file)
  })
  for (const type of ['dragenter', 'dragover']) {
    drop.addEventListener(type, event => {
      event.preventDefault()
      drop.classList.add('over')
    })
  }
  drop.addEventListener('dragleave', () => drop.classList.remove('over'))
  drop.addEventListener('drop', event => {
    event.preventDefault()
    drop.classList.remove('over')
    const folders = [...event.dataTransfer.items].some(item => item.webkitGetAsEntry?.()?.isDirectory)
    const [file] = event.dataTransfer.files
    if (folder !== null && (folders || event.dataTransfer.files.length > 1)) pack(form, dropped(event.dataTransfer))
    else if (file !== undefined) upload(form, file)
  })
  if (folder === null) return
  const chooser = folder.querySelector('input')
  folder.hidden = false
  folder.querySelector('button').addEventListener('click', () => chooser.click())
  chooser.addEventListener('change', () => pack(form, Promise.resolve([...chooser.files].map(file => ({ path: file.webkitRelativePath || file.name, file })))))
}

/** A folder's own name isn't part of the site. */
async function pack(form, found) {
  begin(form, form.dataset.pack)
  try {
    const files = (await found).filter(({ path }) => !LEFT.test(path))
    const top = files[0]?.path.split('/')[0] ?? ''
    const isOne = files.every(({ path }) => path.startsWith(`${top}/`))
    await upload(form, await targz(files.map(({ path, file }) => ({ path: isOne ? path.slice(top.length + 1) : path, file }))))
  } catch (error) {
    end(form, error.message)
  }
}

const parts = form => ['.drop', '.drop .hint', 'progress', 'button:not([type])'].map(each => form.querySelector(each))

function begin(form, text) {
  const [drop, hint, bar, button] = parts(form)
  drop.classList.remove('wrong')
  hint.textContent = text
  button.disabled = true
  bar.hidden = false
  bar.value = 0
}

function end(form, text) {
  const [drop, hint, bar, button] = parts(form)
  drop.classList.add('wrong')
  hint.textContent = text
  bar.hidden = true
  button.disabled = false
}

async function upload(form, file) {
  const { upload: address, then, failed } = form.dataset
  begin(form, '')
  const sending = guard(form)
  try {
    const { status, text } = await send('PUT', address, file, part => tell(form, part), sending.signal)
    sending.over()
    if (status === 200) return location.assign(then)
    end(form, reason(text) ?? failed)
    standing(refusal(status))
  } catch {
    sending.over()
    end(form, sending.signal.aborted ? form.dataset.cancelled : failed)
    if (!sending.signal.aborted) await explain(address.replace(/[/][a-z]+$/, ''))
  }
}

function tell(form, part) {
  const [, hint, bar] = parts(form)
  const { busy, unpack } = form.dataset
  bar.value = Math.round(100 * part)
  hint.textContent = part === 1 ? unpack : busy.replace('{percent}', bar.value)
}

/** While it is sent there is a button that calls it off, and the page isn't left unasked. */
function guard(form) {
  const button = form.querySelector('[data-cancel]')
  const calledOff = new AbortController()
  const cancel = () => calledOff.abort()
  const ask = event => event.preventDefault()
  button.hidden = false
  button.addEventListener('click', cancel)
  addEventListener('beforeunload', ask)
  const over = () => {
    button.hidden = true
    button.removeEventListener('click', cancel)
    removeEventListener('beforeunload', ask)
  }
  return { signal: calledOff.signal, over }
}
