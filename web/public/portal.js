// What pages of the tenants' customers do beyond HTML; each works without it, but the signature that is drawn.
// @ts-check

/** Sums that follow the ticks: computed by the server, as the next page will show them. */
function followTotals() {
  const form = document.querySelector('form[data-total]')
  const sums = document.getElementById('sommes')
  if (!(form instanceof HTMLFormElement) || !sums || !form.querySelector('input[type="checkbox"]')) return
  let asked = 0
  form.addEventListener('change', async () => {
    const mine = ++asked
    const body = new URLSearchParams()
    for (const [name, value] of new FormData(form)) body.append(name, String(value))
    const answer = await fetch(String(form.dataset.total), { method: 'POST', body }).catch(() => undefined)
    if (mine !== asked) return
    if (!answer?.ok) return sums.replaceChildren()
    const totals = await answer.json()
    const cells = [...totals.rows, ['Total TTC', totals.gross]].flatMap(([label, amount], index, all) => {
      const [dt, dd] = [document.createElement('dt'), document.createElement('dd')]
      dt.textContent = label
      dd.textContent = amount
      if (index === all.length - 1) dt.className = dd.className = 'grand'
      return [dt, dd]
    })
    sums.replaceChildren(...cells)
    const deposit = document.getElementById('acompte')
    if (deposit) deposit.textContent = totals.deposit
  })
}

/** A second click sends nothing. */
function sendOnce() {
  for (const form of document.querySelectorAll('form[data-once]')) {
    form.addEventListener('submit', () => {
      setTimeout(() => {
        for (const button of form.querySelectorAll('button')) button.disabled = true
      })
    })
  }
  // Coming back with the browser's arrow finds the buttons as they were.
  addEventListener('pageshow', event => {
    if (event.persisted) for (const button of document.querySelectorAll('button')) button.disabled = false
  })
}

/** A signature drawn with a finger, a pen or a mouse. */
function drawSignature() {
  const pad = document.querySelector('canvas[data-pad]')
  const form = pad?.closest('form')
  const field = form?.querySelector('input[name="signature"]')
  if (!(pad instanceof HTMLCanvasElement) || !form || !(field instanceof HTMLInputElement)) return
  const scale = 2
  pad.width = pad.clientWidth * scale
  pad.height = pad.clientHeight * scale
  const pen = pad.getContext('2d')
  if (!pen) return
  pen.lineWidth = 2.4 * scale
  pen.lineCap = pen.lineJoin = 'round'
  pen.strokeStyle = '#15181d'
  let drawn = false
  const at = (/** @type {PointerEvent} */ event) => {
    const box = pad.getBoundingClientRect()
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]
  }
  pad.addEventListener('pointerdown', event => {
    pad.setPointerCapture(event.pointerId)
    const [x = 0, y = 0] = at(event)
    pen.beginPath()
    pen.moveTo(x, y)
  })
  pad.addEventListener('pointermove', event => {
    if (!pad.hasPointerCapture(event.pointerId)) return
    const [x = 0, y = 0] = at(event)
    pen.lineTo(x, y)
    pen.stroke()
    drawn = true
  })
  form.querySelector('[data-clear]')?.addEventListener('click', () => {
    pen.clearRect(0, 0, pad.width, pad.height)
    drawn = false
  })
  form.addEventListener('submit', () => {
    field.value = drawn ? pad.toDataURL('image/png') : ''
  })
}

/** The hash of a file, computed here: the file is not sent. */
function verifyFile() {
  const form = document.querySelector('form[data-verify]')
  const drop = form?.querySelector('[data-drop]')
  const file = form?.querySelector('input[type="file"]')
  const field = form?.querySelector('input[name="empreinte"]')
  const progress = form?.querySelector('[data-progress]')
  if (!(form instanceof HTMLFormElement) || !(drop instanceof HTMLElement)) return
  if (!(file instanceof HTMLInputElement) || !(field instanceof HTMLInputElement) || !progress || !crypto.subtle) return
  drop.hidden = false
  const check = async (/** @type {File | undefined} */ chosen) => {
    if (!chosen) return
    progress.textContent = `Calcul de l’empreinte de ${chosen.name}…`
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await chosen.arrayBuffer()))
    field.value = [...hash].map(byte => byte.toString(16).padStart(2, '0')).join('')
    form.submit()
  }
  file.addEventListener('change', () => void check(file.files?.[0]))
  for (const kind of ['dragover', 'dragleave', 'drop'])
    drop.addEventListener(kind, event => {
      event.preventDefault()
      drop.classList.toggle('over', kind === 'dragover')
      if (event instanceof DragEvent && kind === 'drop') void check(event.dataTransfer?.files[0])
    })
}

followTotals()
sendOnce()
drawSignature()
verifyFile()
