// Looking at files one after the other: pictures and the first pages of documents, by keyboard too.
import { ActionIcon, Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { StoredFile } from '@/api/types'
import { Dialog } from '@/ui/dialog'
import { IconArrowLeft, IconArrowRight, IconDownload } from '@/ui/icons'
import { Failed, Loading } from '@/ui/states'
import { toastError } from '@/ui/toast'
import classes from './files.module.css'
import { download, linksQuery } from './queries'
import { t } from './text'

interface Props {
  files: StoredFile[]
  start: string
  onClose: () => void
}

export default function Preview({ files, start, onClose }: Props) {
  const [place, setPlace] = useState({ id: start, page: 0 })
  const index = Math.max(
    0,
    files.findIndex(file => file.id === place.id),
  )
  const file = files[index]
  const links = useQuery({ ...linksQuery(file?.id ?? start), enabled: Boolean(file) })
  const pages = file?.previews ?? 0
  const before = files[index - 1]
  const after = files[index + 1]
  const back =
    place.page > 0 ? { id: place.id, page: place.page - 1 } : before && { id: before.id, page: Math.max(0, before.previews - 1) }
  const on = place.page + 1 < pages ? { id: place.id, page: place.page + 1 } : after && { id: after.id, page: 0 }
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const to = event.key === 'ArrowLeft' ? back : event.key === 'ArrowRight' ? on : undefined
      if (to) {
        event.preventDefault()
        setPlace(to)
      }
    }
    addEventListener('keydown', keys)
    return () => removeEventListener('keydown', keys)
  })
  if (!file) return null
  const source = links.data?.previews[place.page]
  return (
    <Dialog opened onClose={onClose} title={file.name} size={960}>
      <div className={classes.stage}>
        {links.isError ? (
          <Failed error={links.error} retry={() => void links.refetch()} />
        ) : !links.data ? (
          <Loading lines={6} />
        ) : source ? (
          <img key={source} src={source} alt={t.preview(file.name)} />
        ) : (
          <p className="muted">{t.noPreview}</p>
        )}
      </div>
      {file.pages !== null && file.pages > pages && place.page === pages - 1 && (
        <p className="muted small">{t.firstPages(pages)}</p>
      )}
      <div className={classes.controls}>
        <ActionIcon variant="default" size="lg" aria-label={t.previous} disabled={!back} onClick={() => back && setPlace(back)}>
          <IconArrowLeft size={18} aria-hidden />
        </ActionIcon>
        <span className="muted small numeric" aria-live="polite">
          {file.pages !== null && pages > 0 ? t.page(place.page + 1, file.pages) : `${index + 1} / ${files.length}`}
        </span>
        <ActionIcon variant="default" size="lg" aria-label={t.next} disabled={!on} onClick={() => on && setPlace(on)}>
          <IconArrowRight size={18} aria-hidden />
        </ActionIcon>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => void download(file).catch(toastError)}
        >
          {t.download}
        </Button>
      </div>
    </Dialog>
  )
}
