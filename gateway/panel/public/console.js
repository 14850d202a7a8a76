// A terminal in the page, joined to a shell in the site. What comes is written to the terminal and nowhere else.
import { FitAddon } from './vendor/fit.js'
import { Terminal } from './vendor/xterm.js'

keepRules()
const place = document.getElementById('terminal')
const status = document.getElementById('console-status')
const button = document.getElementById('open')
button.hidden = false
button.addEventListener('click', open)

/** The terminal writes its rules into <style> elements, which the page's policy refuses; a constructed sheet holds them instead, and something inert stands for them. */
function keepRules() {
  const create = document.createElement
  document.createElement = function (name, ...rest) {
    return String(name).toLowerCase() === 'style' ? holder(create.call(this, 'template')) : create.call(this, name, ...rest)
  }
}

function holder(element) {
  const sheet = new CSSStyleSheet()
  document.adoptedStyleSheets.push(sheet)
  return Object.defineProperty(element, 'textContent', { set: text => sheet.replaceSync(text), get: () => '' })
}

function open() {
  button.hidden = true
  place.hidden = false
  place.replaceChildren()
  status.textContent = status.dataset.connecting
  const terminal = new Terminal({ fontFamily: getComputedStyle(place).fontFamily, fontSize: 14, scrollback: 5000, screenReaderMode: true, theme: { background: '#1b1511', foreground: '#eadfce', cursor: '#f3b03f' } })
  const fit = new FitAddon()
  terminal.loadAddon(fit)
  terminal.open(place)
  fit.fit()
  terminal.textarea.setAttribute('aria-label', place.dataset.label)
  terminal.attachCustomKeyEventHandler(event => !(event.key === 'Tab' && event.shiftKey))
  connect(terminal, fit)
}

function connect(terminal, fit) {
  const address = new URL(`${place.dataset.console}?columns=${terminal.cols}&rows=${terminal.rows}`, location.href)
  address.protocol = address.protocol.replace('http', 'ws')
  const socket = new WebSocket(address)
  const send = message => { if (socket.readyState === WebSocket.OPEN) socket.send(message) }
  const encoder = new TextEncoder()
  const resized = new ResizeObserver(() => fit.fit())
  let told = null
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('open', () => {
    status.textContent = ''
    terminal.focus()
  })
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') told = JSON.parse(data)
    else terminal.write(new Uint8Array(data))
  })
  socket.addEventListener('close', ({ reason }) => {
    resized.disconnect()
    terminal.options.disableStdin = true
    status.textContent = status.dataset[told === null ? reason : 'ended'] ?? status.dataset.lost
    button.hidden = false
    button.focus()
  })
  terminal.onData(text => inPieces(encoder.encode(text), send))
  terminal.onBinary(text => send(Uint8Array.from(text, letter => letter.charCodeAt(0))))
  terminal.onResize(({ cols, rows }) => send(JSON.stringify({ type: 'size', columns: cols, rows })))
  resized.observe(place)
  addEventListener('pagehide', () => socket.close(), { once: true })
}

/** A long paste is several messages. */
function inPieces(bytes, send) {
  for (let at = 0; at < bytes.length; at += 65_536) send(bytes.subarray(at, at + 65_536))
}
