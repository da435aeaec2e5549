//! What proves an acceptance (QI-07): a record of who agreed to what, when and how, signed with the instance's key; and the paper with its
//! certificate, which carries that record inside.

use super::answer::Method;
use super::document::reference;
use super::model::OrderDraft;
use super::opened::Opened;
use super::ops::{hex, rendered_sealed};
use super::trail::{self, EvidenceRow, Proof};
use crate::seal::Key;
use crate::{day, profiles};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use vision_documents::commercial::{Acceptance, Certificate, Commercial};
use vision_kernel::totals::Totals;
use vision_kernel::{Problem, french};
use vision_platform::{App, Failure, Tx, crypto};

/// An agreement that is being sealed.
pub(super) struct Agreed<'a> {
    pub opened: &'a Opened,
    pub lines: &'a [i32],
    pub totals: &'a Totals,
    pub name: &'a str,
    pub mention: Option<&'a str>,
    pub terms_version: Option<i32>,
    pub early_start: bool,
    pub method: Method,
    pub user_agent: Option<&'a str>,
    pub signature: Option<&'a [u8]>,
    pub withdrawable_until: Option<Date>,
}

/// A record as text: keys in order, two spaces. The same text is hashed, signed and put into the paper.
pub(super) fn canonical(evidence: &Value) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(evidence)?)
}

fn how(method: Method) -> &'static str {
    match method {
        Method::RemoteCode => "Code à usage unique reçu par e-mail",
        Method::RemoteLink => "Lien personnel reçu du professionnel",
        Method::InPerson => "Signature sur place, sur un appareil du professionnel",
        Method::Staff => "Accord recueilli et consigné par le professionnel",
    }
}

fn what(kind: &str) -> &'static str {
    match kind {
        "sent" => "Devis envoyé",
        "reminded" => "Rappel envoyé",
        "viewed" => "Devis consulté",
        "code_sent" => "Code envoyé",
        "code_failed" => "Code erroné",
        "code_verified" => "Code vérifié",
        "accepted" => "Devis accepté",
        "refused" => "Devis refusé",
        "replaced" => "Version remplacée",
        "restored" => "Version reprise",
        "cancelled" => "Devis annulé",
        _ => "Rétractation",
    }
}

/// The sentence that a person confirmed, by version: another wording is another version.
pub(super) fn consent(consumer: bool) -> (u32, &'static str) {
    if consumer {
        (1, "J’accepte ce devis et je commande avec obligation de paiement.")
    } else {
        (1, "J’accepte ce devis et je passe commande.")
    }
}

/// Every line of a quote, and whether it was accepted.
fn lines(draft: &OrderDraft, accepted: &impl Fn(usize) -> bool) -> Vec<Value> {
    let lines = draft.content.lines.iter().enumerate();
    lines
        .map(|(index, line)| json!({ "place": index + 1, "label": line.label, "quantity": line.quantity.to_string(), "accepted": accepted(index) }))
        .collect()
}

/// Seals an agreement. Called within the transaction that stores it, after its last line of evidence.
pub(super) async fn seal(app: &App, tx: &mut Tx, agreed: Agreed<'_>, logo: Option<Vec<u8>>) -> Result<Proof, Failure> {
    let opened = agreed.opened;
    let (order, revision) = (opened.row.id, opened.version.revision);
    let seller = profiles::seller(tx).await?;
    let zone = day::zone(tx).await?;
    let moments: Vec<EvidenceRow> = trail::evidence_of(tx, order).await?.into_iter().filter(|row| row.revision == revision).collect();
    // What the staff does is said with its moment; from where is nobody's business but theirs.
    let of_staff = |kind: &str| matches!(kind, "sent" | "reminded" | "replaced" | "restored" | "cancelled");
    let moments: Vec<EvidenceRow> =
        moments.into_iter().map(|row| if of_staff(&row.kind) { EvidenceRow { ip: None, user_agent: None, ..row } } else { row }).collect();
    let key = Key::of(&app.crypto);
    let now = tx.now();
    let (consent_version, consent_text) = consent(opened.consumer());
    let draft = &opened.version.content.0;
    let accepted = |index: usize| agreed.lines.iter().any(|place| usize::try_from(*place).is_ok_and(|place| place == index + 1));
    let lines = lines(draft, &accepted);
    let events: Vec<Value> = moments
        .iter()
        .map(|row| json!({ "at": row.at.to_jiff().to_string(), "kind": row.kind, "by": row.actor_name, "ip": row.ip, "user_agent": row.user_agent, "data": row.data }))
        .collect();
    let evidence = json!({
        "format": "vision-quote-acceptance/1",
        "quote": { "id": order, "number": reference(opened.row.number.as_deref().unwrap_or_default(), revision), "sent_at": opened.sent_at().to_string(),
            "valid_until": opened.valid_until(), "pdf_sha256": hex(&opened.version.pdf_sha256), "buyer": opened.version.buyer_name,
            "seller": { "name": seller.name, "siren": seller.siren } },
        "acceptance": { "at": now.to_string(), "time_zone": zone.iana_name().unwrap_or("UTC"), "lines": lines, "totals": agreed.totals,
            "signer": agreed.name, "mention": agreed.mention, "method": agreed.method.word(), "code_sent_to": opened.link.sent_to.as_ref().filter(|_| agreed.method == Method::RemoteCode),
            "consent": { "version": consent_version, "text": consent_text },
            "terms": agreed.terms_version.map(|version| json!({ "version": version, "sha256": opened.terms.as_ref().map(|terms| hex(&crypto::sha256(terms.as_bytes()))) })),
            "early_start": agreed.early_start, "withdrawable_until": agreed.withdrawable_until,
            "signature_sha256": agreed.signature.map(|png| hex(&crypto::sha256(png))),
            "ip": tx.actor().ip, "user_agent": agreed.user_agent },
        "events": events,
        "key": STANDARD.encode(key.public().as_bytes()),
    });
    let text = canonical(&evidence)?;
    let evidence_sha256 = crypto::sha256(text.as_bytes());
    let evidence_signature = key.sign(&evidence_sha256).to_vec();
    let (_, frozen) = trail::version_files(tx, order, revision).await?.ok_or_else(|| Problem::internal("a version without its paper"))?;
    let mut paper: Commercial = serde_json::from_value(frozen)?;
    for (index, line) in paper.lines.iter_mut().enumerate() {
        line.refused = !accepted(index);
        line.optional = line.optional && line.refused;
    }
    let moment = |at: jiff::Timestamp| {
        let local = at.to_zoned(zone.clone()).strftime("%d/%m/%Y %H:%M:%S").to_string();
        format!("{local}\n{} UTC", at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S"))
    };
    let refused = paper.lines.iter().filter(|line| line.refused).map(|line| line.label.clone()).collect();
    paper.acceptance = Some(Acceptance {
        name: agreed.name.to_owned(),
        at: day::moment(tx).await?,
        method: how(agreed.method).to_owned(),
        mention: agreed.mention.map(|mention| format!("« {mention} »")).unwrap_or_default(),
        refused,
    });
    retotalled(&mut paper, agreed.totals);
    let mut facts = vec![
        ("Devis".to_owned(), reference(opened.row.number.as_deref().unwrap_or_default(), revision)),
        (
            "Professionnel".to_owned(),
            [Some(seller.name.as_str()), seller.siren.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" – SIREN "),
        ),
        ("Client".to_owned(), opened.version.buyer_name.clone()),
        ("Signataire".to_owned(), agreed.name.to_owned()),
        ("Identification".to_owned(), how(agreed.method).to_owned()),
        ("Accord".to_owned(), format!("{consent_text} (texte n° {consent_version})")),
        ("Montant accepté".to_owned(), format!("{} TTC", french::euros(agreed.totals.gross_minor))),
        ("Date et heure".to_owned(), moment(now).replace('\n', " – ")),
    ];
    let mut fact = |name: &str, value: Option<String>| facts.extend(value.map(|value| (name.to_owned(), value)));
    fact("Code envoyé à", opened.link.sent_to.clone().filter(|_| agreed.method == Method::RemoteCode));
    fact("Conditions générales", agreed.terms_version.map(|version| format!("version {version}, acceptées")));
    fact("Exécution immédiate", agreed.early_start.then(|| "demandée avant la fin du délai de rétractation".to_owned()));
    fact("Rétractation", agreed.withdrawable_until.map(|until| format!("possible jusqu’au {} inclus", french::day(until))));
    fact("Adresse IP", tx.actor().ip.clone());
    fact("Navigateur", agreed.user_agent.map(str::to_owned).filter(|agent| !agent.is_empty()));
    fact("SHA-256 du devis envoyé", Some(spaced(&hex(&opened.version.pdf_sha256))));
    fact("SHA-256 de la preuve", Some(spaced(&hex(&evidence_sha256))));
    fact("Signature Ed25519", Some(spaced(&STANDARD.encode(&evidence_signature))));
    paper.certificate = Some(Certificate {
        intro: "Ce certificat fait partie du devis accepté. La preuve complète, evidence.json, est jointe à ce fichier.".to_owned(),
        facts,
        events: moments
            .iter()
            .map(|row| [moment(row.at.to_jiff()), what(&row.kind).to_owned(), row.ip.clone().unwrap_or_else(|| row.actor_name.clone())])
            .collect(),
        note: format!(
            "Signature électronique simple au sens du règlement eIDAS (art. 25) : elle ne peut être refusée comme preuve au seul motif qu’elle est électronique.\n\
             Vérification : {}/verifier compare ce fichier à l’original sans l’envoyer. Un seul octet changé, et il n’est plus reconnu.",
            app.config.public_url
        ),
    });
    let sealed_pdf =
        rendered_sealed(paper, logo, format!("{order}-{revision}-accepted"), now, text.into_bytes(), agreed.signature.map(<[u8]>::to_vec))
            .await?;
    let sealed_sha256 = crypto::sha256(&sealed_pdf);
    Ok(Proof { evidence, evidence_sha256, evidence_signature, sealed_pdf, sealed_sha256 })
}

/// Long values are broken where the eye can follow them.
fn spaced(value: &str) -> String {
    value.as_bytes().chunks(8).map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>().join(" ")
}

/// The paper's sums become those of what was accepted.
fn retotalled(paper: &mut Commercial, totals: &Totals) {
    paper.totals.lines = totals.lines_minor;
    paper.totals.allowances = totals.allowance_minor;
    paper.totals.net = totals.net_minor;
    paper.totals.vat = totals.vat_minor;
    paper.totals.gross = totals.gross_minor;
    paper.totals.due = totals.gross_minor;
    paper.vat.retain(|known| {
        totals.vat.iter().any(|vat| vat.category.code() == known.category && vat.rate.normalize() == known.rate.normalize())
    });
    for vat in &totals.vat {
        match paper.vat.iter_mut().find(|known| known.category == vat.category.code() && known.rate.normalize() == vat.rate.normalize()) {
            Some(known) => (known.base, known.vat) = (vat.base_minor, vat.vat_minor),
            // An option at a rate that nothing else has.
            None => paper.vat.push(vision_documents::commercial::VatSubtotal {
                category: vat.category.code().to_owned(),
                rate: vat.rate,
                base: vat.base_minor,
                vat: vat.vat_minor,
                ..Default::default()
            }),
        }
    }
    let reason = paper.allowances.first().map(|allowance| allowance.reason.clone()).unwrap_or_default();
    paper.allowances = totals
        .vat
        .iter()
        .filter(|vat| vat.allowance_minor != 0)
        .map(|vat| vision_documents::commercial::Allowance {
            reason: reason.clone(),
            amount: vat.allowance_minor,
            vat_category: vat.category.code().to_owned(),
            vat_rate: vat.rate,
            ..Default::default()
        })
        .collect();
    for (line, total) in paper.lines.iter_mut().zip(&totals.lines) {
        line.net = total.net_minor;
        if line.gross.is_some() {
            line.gross = Some(total.gross_minor);
        }
    }
}
