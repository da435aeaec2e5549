// Short messages in the corner; the ones that can be taken back carry the button.
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { ApiError } from '@/api/problem'
import { problemText } from './problem-text'
import { t } from './text'

export function toast(
  message: string,
  options: { undo?: () => void; action?: { label: string; run: () => void }; tone?: 'good' | 'bad' } = {},
) {
  const id = crypto.randomUUID()
  const action = options.undo ? { label: t.undo, run: options.undo } : options.action
  notifications.show({
    id,
    color: options.tone === 'bad' ? 'red' : 'vision',
    autoClose: action ? 9000 : options.tone === 'bad' ? 7000 : 4000,
    closeButtonProps: { 'aria-label': t.close },
    message: action ? (
      <span className="toast-line">
        <span>{message}</span>
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => {
            notifications.hide(id)
            action.run()
          }}
        >
          {action.label}
        </Button>
      </span>
    ) : (
      message
    ),
  })
}

/** For a failure that no form can show. */
export function toastError(error: unknown, retry?: () => void) {
  const reference = error instanceof ApiError && error.status >= 500 && error.requestId ? ` (${error.requestId})` : ''
  toast(problemText(error) + reference, { tone: 'bad', action: retry && { label: t.retry, run: retry } })
}
