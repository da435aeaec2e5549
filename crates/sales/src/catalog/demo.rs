//! What a demo company sells.

use super::model::CatalogItemIn;
use super::ops;
use serde_json::{Value, json};
use uuid::Uuid;
use vision_platform::{App, Failure};

/// Name, kind, category, unit, price, with VAT, class, reference.
type Item = (&'static str, &'static str, &'static str, &'static str, &'static str, bool, &'static str, &'static str);

const GARAGE: &[Item] = &[
    ("Main-d’œuvre mécanique", "service", "labour", "HUR", "65", false, "standard", "MO-T1"),
    ("Main-d’œuvre électronique", "service", "labour", "HUR", "82.5", false, "standard", "MO-T3"),
    ("Huile moteur 5W30", "part", "fluid", "LTR", "11.9", false, "standard", "HUI-5W30"),
    ("Filtre à huile", "part", "part", "C62", "14.2", false, "standard", "FIL-HUI"),
    ("Filtre à air", "part", "part", "C62", "19.8", false, "standard", "FIL-AIR"),
    ("Plaquettes de frein avant", "part", "part", "C62", "48.6", false, "standard", "PLA-AV"),
    ("Disques de frein avant (paire)", "part", "part", "C62", "112", false, "standard", "DIS-AV"),
    ("Batterie 70 Ah", "part", "part", "C62", "129", false, "standard", "BAT-70"),
    ("Pneu 205/55 R16 été", "part", "tyre", "C62", "78.4", false, "standard", "PNE-205"),
    ("Montage et équilibrage", "service", "labour", "C62", "15.83", false, "standard", "MON-EQ"),
    ("Géométrie des trains", "service", "labour", "C62", "74.17", false, "standard", "GEO"),
    ("Recyclage pneu usagé", "service", "fee", "C62", "1.5", false, "standard", "REC-PN"),
    ("Diagnostic électronique", "service", "labour", "C62", "49", false, "standard", "DIAG"),
];

const HOTEL: &[Item] = &[
    ("Chambre classique", "service", "room_night", "DAY", "119", true, "intermediate", "CH-CLA"),
    ("Chambre supérieure, vue sur les quais", "service", "room_night", "DAY", "149", true, "intermediate", "CH-SUP"),
    ("Suite", "service", "room_night", "DAY", "229", true, "intermediate", "SUITE"),
    ("Petit-déjeuner", "service", "dish", "C62", "16", true, "intermediate", "PDJ"),
    ("Lit d’appoint", "service", "room_night", "DAY", "25", true, "intermediate", "LIT"),
    ("Place de parking", "service", "fee", "DAY", "18", true, "standard", "PARK"),
    ("Salle de séminaire, journée", "service", "other", "DAY", "390", true, "standard", "SEM-J"),
    ("Bouteille de bordeaux supérieur", "product", "drink", "C62", "34", true, "standard", "BOR-SUP"),
    ("Blanchisserie, chemise", "service", "fee", "C62", "6.5", true, "standard", "BLA-CH"),
];

const RESTAURANT: &[Item] = &[
    ("Menu du marché", "service", "dish", "C62", "29", true, "intermediate", "MEN-MAR"),
    ("Menu dégustation", "service", "dish", "C62", "62", true, "intermediate", "MEN-DEG"),
    ("Menu enfant", "service", "dish", "C62", "14.5", true, "intermediate", "MEN-ENF"),
    ("Choucroute aux poissons", "service", "dish", "C62", "26", true, "intermediate", "CHO-POI"),
    ("Tarte flambée", "service", "dish", "C62", "13.5", true, "intermediate", "TAR-FLA"),
    ("Plateau à emporter", "product", "dish", "C62", "18", true, "intermediate", "EMP"),
    ("Riesling, bouteille", "product", "drink", "C62", "32", true, "standard", "RIE-75"),
    ("Crémant, coupe", "product", "drink", "C62", "8.5", true, "standard", "CRE-CO"),
    ("Eau minérale, bouteille", "product", "drink", "C62", "5", true, "intermediate", "EAU"),
    ("Café", "product", "drink", "C62", "2.8", true, "intermediate", "CAF"),
    ("Privatisation de la salle", "service", "fee", "C62", "450", true, "standard", "PRIV"),
];

async fn create(tx: &mut vision_platform::Tx, body: Value) -> Result<Uuid, Failure> {
    let input: CatalogItemIn = serde_json::from_value(body)?;
    Ok(ops::create(tx, input).await?.id)
}

/// Fills the catalogue of a trade.
pub async fn fill(app: &App, tenant: Uuid, trade: &str) -> Result<(), Failure> {
    let items = match trade {
        "garage" => GARAGE,
        "hotel" => HOTEL,
        _ => RESTAURANT,
    };
    let mut tx = app.db.begin_as_system(tenant).await?;
    let mut ids = Vec::new();
    for (name, kind, category, unit, price, with_vat, class, reference) in items {
        let body = json!({ "name": name, "kind": kind, "category": category, "unit": unit, "price": price, "price_includes_vat": with_vat, "vat_class": class,
            "reference": reference, "stocked": matches!(*kind, "part" | "product") });
        ids.push((*reference, create(&mut tx, body).await?));
    }
    if trade == "garage" {
        let of = |wanted: &str| ids.iter().find(|(reference, _)| *reference == wanted).map(|(_, id)| *id);
        let parts: Vec<Value> = [("HUI-5W30", "4.5"), ("FIL-HUI", "1"), ("MO-T1", "0.5")]
            .iter()
            .filter_map(|(reference, quantity)| Some(json!({ "item_id": of(reference)?, "quantity": quantity })))
            .collect();
        let package = json!({ "name": "Forfait vidange", "kind": "package", "category": "labour", "price": "99", "price_includes_vat": false, "reference": "FOR-VID",
            "description": "Vidange, filtre à huile, contrôle des niveaux", "components": parts });
        create(&mut tx, package).await?;
    }
    tx.commit().await
}
