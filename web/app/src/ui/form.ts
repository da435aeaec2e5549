// A form is its values, and its errors by JSON pointer exactly as the API names them ("/emails/0/email").
import { useCallback, useRef, useState } from 'react'
import { ApiError } from '@/api/problem'
import { fieldErrors, problemText } from './problem-text'

/** Thrown by a submit that knows better than the server's codes what to say, by pointer. */
export class Refused extends Error {
  constructor(readonly errors: Record<string, string>) {
    super('refused')
  }
}

export interface Form<T> {
  values: T
  set: (change: Partial<T>) => void
  reset: (values: T) => void
  errors: Record<string, string>
  /** What does not belong to one field: shown above the buttons. */
  banner: string | undefined
  requestId: string | undefined
  busy: boolean
  dirty: boolean
  /** Props of a text control bound to a top-level member. */
  text: <K extends keyof T & string>(
    key: K,
  ) => { value: string; onChange: (event: { currentTarget: { value: string } }) => void; error?: string }
  submit: (event?: { preventDefault(): void }) => void
}

export interface FormOptions<T> {
  initial: T
  /** Errors found before asking the server. */
  check?: (values: T) => Record<string, string>
  submit: (values: T) => Promise<unknown>
  /** Pointers that have a control in this form; the rest of a 422 goes to the banner. Default: all top-level members. */
  shows?: (pointer: string) => boolean
}

export function useForm<T extends object>({ initial, check, submit, shows }: FormOptions<T>): Form<T> {
  const [values, setValues] = useState(initial)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState<{ text: string; requestId?: string }>()
  const [busy, setBusy] = useState(false)
  const [dirty, setDirty] = useState(false)
  // State is read when the answer arrives, after renders that this closure has not seen.
  const running = useRef(false)

  const set = useCallback((change: Partial<T>) => {
    setValues(current => ({ ...current, ...change }))
    setDirty(true)
    setErrors(current => {
      const touched = Object.keys(change)
      const rest = Object.entries(current).filter(
        ([pointer]) => !touched.some(key => pointer === `/${key}` || pointer.startsWith(`/${key}/`)),
      )
      return Object.fromEntries(rest)
    })
  }, [])

  const reset = useCallback((next: T) => {
    setValues(next)
    setErrors({})
    setProblem(undefined)
    setDirty(false)
  }, [])

  const run = async () => {
    if (running.current) return
    const found = check?.(values) ?? {}
    setErrors(found)
    setProblem(undefined)
    if (Object.keys(found).length) return focusFirstError()
    running.current = true
    setBusy(true)
    try {
      await submit(values)
      setDirty(false)
    } catch (error) {
      const fields = error instanceof Refused ? error.errors : fieldErrors(error)
      const visible = shows ?? ((pointer: string) => pointer.split('/')[1]! in values)
      const shown = Object.entries(fields).filter(([pointer]) => visible(pointer))
      const hidden = Object.entries(fields).filter(([pointer]) => !visible(pointer))
      setErrors(Object.fromEntries(shown))
      if (!shown.length || hidden.length) {
        const text = hidden.length ? hidden.map(([, sentence]) => sentence).join(' ') : problemText(error)
        setProblem({ text, requestId: error instanceof ApiError && error.status >= 500 ? error.requestId : undefined })
      }
      if (shown.length) focusFirstError()
    } finally {
      running.current = false
      setBusy(false)
    }
  }

  return {
    values,
    set,
    reset,
    errors,
    banner: problem?.text,
    requestId: problem?.requestId,
    busy,
    dirty,
    text: key => ({
      value: (values[key] as string | null | undefined) ?? '',
      onChange: event => set({ [key]: event.currentTarget.value } as unknown as Partial<T>),
      error: errors[`/${key}`],
    }),
    submit: event => {
      event?.preventDefault()
      void run()
    },
  }
}

/** The first wrong control takes the focus, so that a screen reader says what is wrong and a phone scrolls to it. */
function focusFirstError() {
  setTimeout(() => document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus(), 30)
}
