// The search of a list: sends what one types after a short rest, and follows the address when it changes by other means.
import { ActionIcon, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { IconSearch, IconX } from './icons'

interface Props {
  box: RefObject<HTMLInputElement | null>
  value: string
  onChange: (q: string | undefined) => void
  label: string
  placeholder: string
  clearLabel: string
  className?: string
}

export function SearchBox({ box, value, onChange, label, placeholder, clearLabel, className }: Props) {
  const [typed, setTyped] = useState(value)
  const sent = useRef(value)
  // A link or the back button; never while one types.
  useEffect(() => {
    if (value === sent.current) return
    sent.current = value
    setTyped(value)
  }, [value])
  const ask = useDebouncedCallback((text: string) => {
    sent.current = text.trim()
    onChange(text.trim() || undefined)
  }, 180)
  return (
    <TextInput
      ref={box}
      className={className}
      aria-label={label}
      placeholder={placeholder}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        typed && (
          <ActionIcon
            size={26}
            aria-label={clearLabel}
            onClick={() => {
              setTyped('')
              sent.current = ''
              // Also takes the place of a question that is still waiting, which would bring the old words back.
              ask('')
              onChange(undefined)
              box.current?.focus()
            }}
          >
            <IconX size={15} aria-hidden />
          </ActionIcon>
        )
      }
      value={typed}
      onChange={event => {
        setTyped(event.currentTarget.value)
        ask(event.currentTarget.value)
      }}
      onKeyDown={event => event.key === 'Escape' && box.current?.blur()}
    />
  )
}
