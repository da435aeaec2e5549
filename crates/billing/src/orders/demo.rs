//! Quotes of a demo company: written, sent and answered by the operations that people use.

use super::answer::{self, Confirmation, Method};
use super::invoicing::{self, OrderInvoiceIn};
use super::model::OrderIn;
use super::ops::{self, SendIn};
use super::settings;
use crate::invoices::demo::{Item, lines};
use crate::invoices::issue;
use serde_json::json;
use uuid::Uuid;
use vision_platform::{App, Failure, Tx};

/// General terms, as a small company writes them.
const TERMS: &str = "1. Objet. Les présentes conditions s’appliquent à toute commande passée sur devis.\n\n\
2. Prix. Les prix sont ceux du devis accepté. Tout travail supplémentaire fait l’objet d’un devis complémentaire.\n\n\
3. Paiement. L’acompte est dû à la commande, le solde à la livraison.\n\n\
4. Délais. Les délais sont donnés à titre indicatif, sauf engagement écrit.\n\n\
5. Rétractation. Le consommateur qui commande à distance dispose de quatorze jours pour se rétracter.\n\n\
6. Litiges. À défaut d’accord amiable, le consommateur peut recourir gratuitement à un médiateur.";

/// The habits of a demo company.
pub(crate) async fn begin(tx: &mut Tx) -> Result<(), Failure> {
    settings::demo(tx, TERMS).await
}

/// Writes a quote; its last line is an option.
pub(crate) async fn draft(tx: &mut Tx, contact: Uuid, items: &[&Item], with_vat: bool, place: usize, title: &str) -> Result<Uuid, Failure> {
    let mut lines = lines(items, place);
    if let Some(last) = lines.last_mut().and_then(serde_json::Value::as_object_mut).filter(|_| items.len() > 2) {
        last.insert("optional".to_owned(), json!(true));
    }
    let input: OrderIn =
        serde_json::from_value(json!({ "contact_id": contact, "prices_include_vat": with_vat, "lines": lines, "title": title,
        "verification": "none", "execution": "Sous dix jours ouvrés" }))?;
    Ok(ops::create(tx, input).await?.0.id)
}

/// Sends a quote, without a mail.
pub(crate) async fn send(app: &App, tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    ops::send(app, tx, id, None, SendIn { by_hand: true, ..SendIn::default() }, None).await?;
    Ok(())
}

/// Accepts a quote: as it is, or without its first line.
pub(crate) async fn accept(app: &App, tx: &mut Tx, id: Uuid, whole: bool) -> Result<(), Failure> {
    let opened = answer::open_for_staff(tx, id).await?;
    let offered = opened.offered();
    let lines = if whole || offered.len() < 2 { offered } else { offered.into_iter().skip(1).collect() };
    let input = Confirmation {
        lines,
        name: opened.buyer().to_owned(),
        mention: "Bon pour accord, devis signé au comptoir".to_owned(),
        terms: true,
        ..Confirmation::default()
    };
    answer::record(app, tx, &opened, &input, Method::Staff, None, None).await
}

/// Refuses a quote.
pub(crate) async fn refuse(tx: &mut Tx, id: Uuid, reason: &str) -> Result<(), Failure> {
    let opened = answer::open_for_staff(tx, id).await?;
    answer::refuse(tx, &opened, "", reason, None).await
}

/// Issues an invoice of an accepted quote (`deposit`, `balance`); gives its id and what is to be paid.
pub(crate) async fn bill(app: &App, tx: &mut Tx, id: Uuid, kind: &str) -> Result<(Uuid, i64), Failure> {
    let input: OrderInvoiceIn = serde_json::from_value(json!({ "kind": kind }))?;
    let invoice = invoicing::begin(tx, id, &input).await?;
    let (row, _) = issue::issue(tx, &app.crypto, invoice, None, None).await?;
    Ok((invoice, row.due_minor()))
}

/// Makes a template of a quote.
pub(crate) async fn template(tx: &mut Tx, id: Uuid, name: &str) -> Result<(), Failure> {
    ops::duplicate(tx, id, Some(name.to_owned()), None).await?;
    Ok(())
}
