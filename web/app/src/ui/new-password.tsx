// A password being chosen: the rules are ticked while typing, so that nobody learns them from a refusal.
import { PasswordInput } from '@mantine/core'
import { useId } from 'react'
import { IconCheck } from './icons'
import classes from './new-password.module.css'

export const MIN_PASSWORD = 12

export interface PasswordWords {
  length: string
  distinct: string
  show: string
}

/** Too little variety ("aaaaaaaaaaaa") would pass on length alone. */
export const varied = (password: string) => new Set(password).size >= 5

export const passwordOk = (password: string) => [...password].length >= MIN_PASSWORD && varied(password)

export function NewPassword({
  label,
  words,
  value,
  onChange,
  error,
}: {
  label: string
  words: PasswordWords
  value: string
  onChange: (event: { currentTarget: { value: string } }) => void
  error?: string
}) {
  const rules = useId()
  const checks = [
    { text: words.length, met: [...value].length >= MIN_PASSWORD },
    { text: words.distinct, met: varied(value) },
  ]
  return (
    <div>
      <PasswordInput
        label={label}
        autoComplete="new-password"
        required
        value={value}
        onChange={onChange}
        error={error}
        aria-describedby={rules}
        visibilityToggleButtonProps={{ 'aria-label': words.show }}
      />
      <ul id={rules} className={classes.rules}>
        {checks.map(check => (
          <li key={check.text} data-met={check.met || undefined}>
            {check.met ? <IconCheck size={14} stroke={2.4} aria-hidden /> : <span aria-hidden>·</span>}
            {check.text}
          </li>
        ))}
      </ul>
    </div>
  )
}
