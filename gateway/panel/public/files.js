// Files and folders dropped on a folder's page go into it, one after the other, with progress.
import { dropped, reason, send } from './dropped.js'
import { explain } from './watch.js'

const browser = document.querySelector('[data-files]')
const form = document.querySelector('[data-put]')
if (browser !== null && form !== null) prepare()

function prepare() {
  const { files: site, path, busy, done, failed } = browser.dataset
  const [hint, bar, input] = ['.hint', 'progress', 'input[type=file]'].map(each => form.querySelector(each))

  async function putAll(files) {
    if (files.length === 0) return
    bar.hidden = false
    for (const [index, { path: name, file }] of files.entries()) {
      const address = `/api/sites/${encodeURIComponent(site)}/file?path=${encodeURIComponent(path === '' ? name : `${path}/${name}`)}`
      const { status, text } = await send('PUT', address, file, part => {
        bar.value = 100 * (index + part) / files.length
        hint.textContent = busy.replace('{name}', name).replace('{percent}', Math.round(bar.value))
      })
      if (status !== 200) throw new Error(`${name}: ${reason(text) ?? failed}`)
    }
    hint.textContent = done.replace('{count}', files.length)
    location.reload()
  }

  const begin = files => Promise.resolve(files).then(putAll).catch(error => {
    bar.hidden = true
    hint.textContent = ['error', 'abort'].includes(error.message) ? failed : error.message
    explain(`/api/sites/${encodeURIComponent(site)}`)
    form.querySelector('.drop').classList.add('wrong')
  })
  form.addEventListener('submit', event => {
    event.preventDefault()
    begin([...input.files].map(file => ({ path: file.name, file })))
  })
  for (const place of [browser, form]) {
    place.addEventListener('dragover', event => { event.preventDefault(); place.classList.add('over') })
    place.addEventListener('dragleave', () => place.classList.remove('over'))
    place.addEventListener('drop', event => {
      event.preventDefault()
      place.classList.remove('over')
      begin(dropped(event.dataTransfer))
    })
  }
}
