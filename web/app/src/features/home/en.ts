import type { fr } from './fr'

const n = (value: number) => value.toLocaleString('en-GB')
const s = (value: number) => (value === 1 ? '' : 's')

export const en: typeof fr = {
  morning: name => `Hello ${name}`,
  evening: name => `Good evening ${name}`,
  todos: 'To do',
  todosNone: 'Everything is up to date.',
  today: 'today',
  lateSince: day => `overdue, was due on ${day}`,
  complete: title => `Complete: ${title}`,
  completed: title => `Done: ${title}`,
  allTasks: (late, today) =>
    [late && `${n(late)} overdue task${s(late)}`, today && `${n(today)} for today`].filter(Boolean).join(', '),
  kinds: {
    onboarding: () => 'Finish introducing your company',
    first_contacts: () => 'Add your first contacts',
    import_to_review: () => 'An import is waiting for your review',
    import_rejects: count => `${n(count)} row${s(count)} rejected by your last import`,
    pending_invitations: count => `${n(count)} unanswered invitation${s(count)}`,
  },
  activity: 'Recent activity',
  activityNone: 'What your team does will appear here from the first contact on.',
  contacts: (total, capped) => `${capped ? 'More than ' : ''}${n(total)} contact${s(total)}`,
  added: (count, capped) =>
    count ? `${capped ? 'More than ' : ''}${n(count)} added in the last 7 days` : 'None added in the last 7 days',
  newContact: 'New contact',
  importFile: 'Import a file',
}
