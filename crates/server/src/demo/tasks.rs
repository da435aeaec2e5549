//! What the people of a demo company have to do, and what they tell each other.

use uuid::Uuid;
use vision_crm::demo_tasks::{self, DemoTask};
use vision_platform::{Failure, Tx};

/// In the order of the team: owner, manager, member, technician; 9 is nobody.
fn task(kind: &'static str, title: &'static str, days: i32, hour: Option<i8>, assignee: usize) -> DemoTask {
    DemoTask { kind, title, days, hour, assignee, high: false, weekly: false, done: None }
}

fn of_trade(trade: &str) -> [&'static str; 8] {
    match trade {
        "garage" => [
            "Rappeler pour le devis de l’embrayage",
            "Commander les plaquettes de frein",
            "Confirmer le rendez-vous de contrôle technique",
            "Restituer le véhicule de prêt",
            "Relancer l’assurance pour le bris de glace",
            "Proposer la révision des 60 000 km",
            "Réunion d’atelier",
            "Préparer les pneus hiver",
        ],
        "hotel" => [
            "Rappeler pour le séminaire de printemps",
            "Confirmer les chambres communicantes",
            "Envoyer l’offre de groupe",
            "Préparer l’arrivée VIP",
            "Relancer l’agence pour l’acompte",
            "Remercier pour l’avis laissé",
            "Réunion de réception",
            "Vérifier les allotements",
        ],
        _ => [
            "Rappeler pour le repas de mariage",
            "Confirmer la table de douze",
            "Envoyer le menu de groupe",
            "Préparer la dégustation",
            "Relancer pour l’acompte du banquet",
            "Noter l’allergie aux fruits à coque",
            "Réunion de salle",
            "Commander les vins de fin d’année",
        ],
    }
}

/// Gives a company its tasks, two mentions and their notifications.
pub(super) async fn fill(tx: &mut Tx, trade: &str, team: &[(Uuid, String)], contacts: &[(Uuid, String)]) -> Result<(), Failure> {
    let [call, order, confirm, prepare, chase, offer, gather, stock] = of_trade(trade);
    let tasks = [
        DemoTask { high: true, ..task("call", call, 0, Some(17), 0) },
        task("todo", order, 0, None, 0),
        DemoTask { high: true, ..task("meeting", confirm, 1, Some(9), 0) },
        task("todo", prepare, -2, None, 0),
        DemoTask { high: true, ..task("call", chase, -1, Some(14), 1) },
        task("todo", offer, 3, None, 2),
        DemoTask { weekly: true, ..task("meeting", gather, 2, Some(8), 0) },
        task("todo", stock, 6, None, 9),
        DemoTask { high: true, ..task("todo", order, 0, None, 3) },
        DemoTask { done: Some("reached"), ..task("call", call, -3, Some(10), 0) },
        DemoTask { done: Some(""), ..task("todo", offer, -4, None, 1) },
        DemoTask { done: Some("held"), ..task("meeting", confirm, -5, Some(11), 0) },
    ];
    let ids: Vec<Uuid> = contacts.iter().take(tasks.len()).map(|(id, _)| *id).collect();
    demo_tasks::insert(tx, team, &tasks, &ids).await?;
    if let ([owner, manager, member, ..], [first, second, ..]) = (team, contacts) {
        let words = ("À savoir :", "a tout vu avec le client, voir avec lui avant de rappeler.");
        demo_tasks::mention(tx, (first.0, &first.1), manager, owner, words).await?;
        demo_tasks::mention(tx, (second.0, &second.1), owner, member, ("Important :", "s’en occupe cette semaine.")).await?;
    }
    Ok(())
}
