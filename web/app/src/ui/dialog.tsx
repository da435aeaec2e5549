import { Button, Modal } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import classes from './dialog.module.css'
import { t } from './text'

export function Dialog({
  opened,
  onClose,
  title,
  children,
  size = 480,
}: {
  opened: boolean
  onClose: () => void
  title: string
  children: ReactNode
  size?: number
}) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size}>
      <Modal.Overlay />
      <Modal.Content>
        {/* A plain box: the header element of the library would pass for a second banner of the page. */}
        <div className={classes.head}>
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label={t.close} />
        </div>
        <Modal.Body>
          <div className={classes.stack}>{children}</div>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

/** Asks before what cannot be taken back. The verb is on the button; "OK" says nothing. */
export function Confirm({
  opened,
  onClose,
  title,
  children,
  verb,
  run,
  danger = true,
}: {
  opened: boolean
  onClose: () => void
  title: string
  children: ReactNode
  verb: string
  run: () => Promise<unknown>
  danger?: boolean
}) {
  const [busy, setBusy] = useState(false)
  return (
    <Dialog opened={opened} onClose={onClose} title={title} size={420}>
      <div>{children}</div>
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t.cancel}
        </Button>
        <Button
          color={danger ? 'red.8' : undefined}
          loading={busy}
          onClick={async () => {
            setBusy(true)
            try {
              await run()
              onClose()
            } finally {
              setBusy(false)
            }
          }}
        >
          {verb}
        </Button>
      </div>
    </Dialog>
  )
}
