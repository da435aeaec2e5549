import { Dialog } from '@/ui/dialog'
import classes from './shortcut-sheet.module.css'
import { t } from './text'

export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog opened onClose={onClose} title={t.shortcuts} size={420}>
      {t.shortcutGroups.map(group => (
        <section key={group.title} className={classes.group}>
          <h3>{group.title}</h3>
          <dl>
            {group.keys.map(([keys, what]) => (
              <div key={keys}>
                <dt>{what}</dt>
                <dd>
                  {keys.split(/\s+/).map(key => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  )
}
