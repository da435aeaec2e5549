const n = (value: number) => value.toLocaleString('fr-FR')
const s = (value: number) => (value > 1 ? 's' : '')

export const fr = {
  morning: (name: string) => `Bonjour ${name}`,
  evening: (name: string) => `Bonsoir ${name}`,
  todos: 'À faire',
  todosNone: 'Tout est à jour.',
  today: 'aujourd’hui',
  lateSince: (day: string) => `en retard, prévu le ${day}`,
  complete: (title: string) => `Terminer : ${title}`,
  completed: (title: string) => `Terminée : ${title}`,
  allTasks: (late: number, today: number) =>
    [late && `${n(late)} tâche${s(late)} en retard`, today && `${n(today)} pour aujourd’hui`].filter(Boolean).join(', '),
  kinds: {
    onboarding: () => 'Terminer la présentation de votre entreprise',
    first_contacts: () => 'Ajouter vos premiers contacts',
    import_to_review: () => 'Un import attend votre vérification',
    import_rejects: (count: number) => `${n(count)} ligne${s(count)} rejetée${s(count)} par votre dernier import`,
    pending_invitations: (count: number) => `${n(count)} invitation${s(count)} sans réponse`,
  } as Record<string, (count: number) => string>,
  activity: 'Activité récente',
  activityNone: 'L’activité de votre équipe apparaîtra ici dès le premier contact.',
  contacts: (total: number, capped: boolean) => `${capped ? 'Plus de ' : ''}${n(total)} contact${s(total)}`,
  added: (count: number, capped: boolean) =>
    count ? `${capped ? 'Plus de ' : ''}${n(count)} ajouté${s(count)} ces 7 derniers jours` : 'Aucun ajout ces 7 derniers jours',
  newContact: 'Nouveau contact',
  importFile: 'Importer un fichier',
}
