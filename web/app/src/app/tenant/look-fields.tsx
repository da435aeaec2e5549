import { Button, FileButton, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, upload } from '@/api/client'
import { tenantQuery } from '@/api/queries'
import type { Tenant } from '@/api/types'
import { number } from '@/i18n/format'
import { contrast, hexColour } from '@/ui/colour'
import { Monogram } from '@/ui/monogram'
import { problemText } from '@/ui/problem-text'
import { logoUrl } from '../me'
import { t } from '../text'
import classes from './look-fields.module.css'

const LOGO_LIMIT = 1024 * 1024

export function LogoField({ tenant }: { tenant: Tenant }) {
  const client = useQueryClient()
  const [error, setError] = useState<string>()
  // The address of the logo never changes; a stamp makes the browser ask for the new picture.
  const [stamp, setStamp] = useState<number | string>(tenant.id)
  const change = useMutation({
    mutationFn: async (file: File | null) => {
      if (file) await upload('PUT', '/tenant/logo', file)
      else await api.DELETE('/tenant/logo')
    },
    onSuccess: () => {
      setError(undefined)
      setStamp(Date.now())
      void client.invalidateQueries({ queryKey: tenantQuery.queryKey })
      void client.invalidateQueries({ queryKey: ['me'] })
    },
    onError: failure => setError(problemText(failure)),
  })
  const choose = (file: File | null) => {
    if (!file) return
    if (file.size > LOGO_LIMIT) return setError(t.company.logoTooLarge)
    change.mutate(file)
  }
  return (
    <div>
      <div className={classes.label}>{t.company.logo}</div>
      <div className={classes.logo}>
        <Monogram
          name={tenant.name}
          square
          size={64}
          colour={tenant.accent_color ?? '#1f5fbf'}
          image={logoUrl(tenant.has_logo, stamp)}
        />
        <div>
          <div className={classes.buttons}>
            <FileButton accept="image/png,image/jpeg,image/webp" onChange={choose} inputProps={{ 'aria-label': t.company.logo }}>
              {props => (
                <Button variant="default" loading={change.isPending} {...props}>
                  {tenant.has_logo ? t.company.logoReplace : t.company.logoPick}
                </Button>
              )}
            </FileButton>
            {tenant.has_logo && (
              <Button variant="subtle" color="gray" onClick={() => change.mutate(null)}>
                {t.company.logoRemove}
              </Button>
            )}
          </div>
          <p className="muted small">{t.company.logoHint}</p>
          {error && (
            <p className={classes.error} role="alert">
              {error}
            </p>
          )}
        </div>
      </div>
    </div>
  )
}

/** White text must stay readable on the company's colour, wherever its customers see it. */
export const MIN_CONTRAST = 4.5

export function colourProblem(value: string): string | undefined {
  if (!value) return undefined
  const hex = hexColour(value)
  if (!hex) return t.company.colourInvalid
  const ratio = contrast(hex, '#ffffff')
  return ratio < MIN_CONTRAST ? t.company.colourBad(ratioText(ratio)) : undefined
}

const ratioText = (ratio: number) => `${number(Math.floor(ratio * 10) / 10)}:1`

export function ColourField({ value, onChange, error }: { value: string; onChange: (value: string) => void; error?: string }) {
  const hex = hexColour(value)
  const problem = error ?? colourProblem(value)
  return (
    <div className={classes.colour}>
      <input
        type="color"
        aria-label={t.company.colourPick}
        value={hex ?? '#1f5fbf'}
        onChange={event => onChange(event.currentTarget.value)}
      />
      <TextInput
        label={t.company.colour}
        description={hex && !problem ? t.company.colourGood(ratioText(contrast(hex, '#ffffff'))) : t.company.colourHint}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        placeholder="#1f5fbf"
        maxLength={7}
        value={value}
        onChange={event => onChange(event.currentTarget.value)}
        error={problem}
      />
    </div>
  )
}
