//! The people whom a note may name: active members of the company who see the contact.

use super::doc::Doc;
use std::collections::BTreeMap;
use uuid::Uuid;
use vision_kernel::{FieldError, Problem};
use vision_platform::{Failure, Tx};

/// Checks the mentions of a document and writes the members' names into it. `earlier` were named in the note already and stay, even if
/// they have left. Gives those newly named.
pub(super) async fn name(
    tx: &mut Tx,
    contact: Uuid,
    doc: &mut Doc,
    mentions: &[(String, Uuid)],
    earlier: &[Uuid],
) -> Result<Vec<Uuid>, Failure> {
    if mentions.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = tx.tenant();
    let ids: Vec<Uuid> = mentions.iter().map(|(_, id)| *id).collect();
    let members: Vec<(Uuid, String, bool, bool)> = sqlx::query_as(
        "SELECT m.user_id, m.full_name, m.deactivated_at IS NULL,
                'contacts.read' = ANY (r.permissions) AND (r.visibility = 'all' OR c.owner_id = m.user_id OR (r.visibility = 'team' AND o.team = m.team))
                  IS TRUE
         FROM memberships m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
         JOIN contacts c ON c.tenant_id = m.tenant_id AND c.id = $3
         LEFT JOIN memberships o ON o.tenant_id = c.tenant_id AND o.user_id = c.owner_id
         WHERE m.tenant_id = $1 AND m.user_id = ANY ($2)",
    )
    .bind(tenant)
    .bind(&ids)
    .bind(contact)
    .fetch_all(tx.conn())
    .await?;
    let mut errors = Vec::new();
    for (pointer, id) in mentions.iter().filter(|(_, id)| !earlier.contains(id)) {
        match members.iter().find(|(member, ..)| member == id) {
            Some((_, _, true, true)) => {}
            Some((_, name, true, false)) => {
                errors.push(FieldError::new(pointer.clone(), "not_visible", format!("{name} n’a pas accès à cette fiche.")));
            }
            _ => errors.push(FieldError::new(pointer.clone(), "unknown", "Cette personne ne fait pas partie de l’équipe.")),
        }
    }
    if !errors.is_empty() {
        return Err(Problem::validation(errors).into());
    }
    let names: BTreeMap<Uuid, String> = members.into_iter().map(|(id, name, ..)| (id, name)).collect();
    doc.each_mention(&mut |id, label| {
        if let Some(name) = names.get(&id) {
            label.clone_from(name);
        }
    });
    let mut fresh: Vec<Uuid> = ids.into_iter().filter(|id| !earlier.contains(id)).collect();
    fresh.sort_unstable();
    fresh.dedup();
    Ok(fresh)
}
